"""Find the speaker turns of composed scenes by pyannote's own pipeline, from the sound alone: a baseline.

    python recipes/ClipScenes/sound_only.py SCENES... --out TURNS
    python recipes/ClipScenes/evaluate.py SCENES... --turns pyannote=TURNS

Segmentation 3.0 and agglomerative clustering of our voice embeddings, otherwise with the settings of
pyannote/speaker-diarization-3.1. Writes TURNS/SCENES/SCENE.rttm.
"""

from pathlib import Path

import torch
from evaluate import find_scenes, scene_name

from pins_plugin.data.media.audio import SAMPLE_RATE, load_audio
from pins_plugin.pipelines import PinsSpeakerEmbedding
from pins_plugin.pipelines.diarization.rttm import write_rttm
from pins_plugin.pipelines.diarization.segmentation_model import load_segmentation_model
from pins_plugin.utils.progress import progress
from pins_plugin.utils.script import run_script, script_parser

# Of 0.3, 0.4, ... 0.9 and 0.7046 (pyannote/speaker-diarization-3.1, for another voice encoder) the one of least error on 26
# composed scenes of GRID and HDTF people: 29.1 % (30.2 with 0.7046).
THRESHOLD = 0.5


def main() -> None:
    parser = script_parser(__doc__)
    parser.add_argument("scenes", type=Path, nargs="+", help="folders of scenes")
    parser.add_argument("--out", type=Path, required=True, help="folder for the turns")
    parser.add_argument("--threshold", type=float, default=THRESHOLD, help="cosine distance")
    args = parser.parse_args()
    pipeline = build_pipeline(args.threshold)
    for path in progress(find_scenes(args.scenes), "scenes"):
        turns = find_turns(pipeline, path.with_suffix(".mp4"))
        write_rttm(Path(args.out, *scene_name(path)).with_suffix(".rttm"), [turns])


def build_pipeline(threshold: float = THRESHOLD):
    """pyannote's SpeakerDiarization with agglomerative clustering."""
    from pyannote.audio.core.plda import PLDA
    from pyannote.audio.pipelines import SpeakerDiarization

    pipeline = SpeakerDiarization(
        segmentation=load_segmentation_model(),
        embedding=PinsSpeakerEmbedding(),
        embedding_exclude_overlap=True,
        clustering="AgglomerativeClustering",
        plda=PLDA.__new__(PLDA),  # of another clustering; by default it would be downloaded
        segmentation_batch_size=4,
        embedding_batch_size=4,
    )
    clustering = {"method": "centroid", "min_cluster_size": 12, "threshold": threshold}
    return pipeline.instantiate(
        {"segmentation": {"min_duration_off": 0.0}, "clustering": clustering}
    )


def find_turns(pipeline, video: Path):
    """Speaker turns of one video, as an Annotation; they may overlap."""
    waveform = torch.from_numpy(load_audio(video))[None]
    found = pipeline({"waveform": waveform, "sample_rate": SAMPLE_RATE, "uri": video.stem})
    turns = getattr(found, "speaker_diarization", found)
    turns.uri = video.stem
    return turns


if __name__ == "__main__":
    run_script(main)
