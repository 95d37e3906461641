"""Link the videos of an archive: each by itself, with the vectors of its people, who are joined later."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pins_plugin.archive.claims import claimed

if TYPE_CHECKING:
    from pins_plugin.cli._link_video import LinkedRow, LinkOptions
    from pins_plugin.pipelines.linking.pipeline import SpeakerFaceLinking


def open_linker(options: "LinkOptions", out: str) -> Callable[[str], "LinkedRow"]:
    """Make, in a worker, the function that links one video of an archive."""
    from pins_plugin.cli.link import open_pipeline

    pipeline = open_pipeline(replace(options, several=False), Path(out))
    return partial(link_one, pipeline, options, Path(out))


def link_one(
    pipeline: "SpeakerFaceLinking", options: "LinkOptions", out: Path, video: str
) -> "LinkedRow":
    """Link one video, whose people are numbered for themselves: `pins people join` says who is who."""
    from pins_plugin.cli._link_video import link_video
    from pins_plugin.pipelines.people.registry import Cast

    pipeline.cast = Cast(Path(options.face_encoder).name)
    with claimed(out, options.names.of(Path(video))):
        return link_video(pipeline, Path(video), out, replace(options, several=True, archive=True))


def show_row(row: "LinkedRow") -> bool:
    """Print what became of a video; whether it had been linked before."""
    for note in row.notes:
        print(note)
    print(row, flush=True)
    return row.done
