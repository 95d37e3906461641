"""Teach the sound encoder of the synchronizer what phones sound like, before it meets a face.

  pip install pocketsphinx==5.1.1
  python recipes/Sync/phones.py VOICES --out clips/sound

VOICES is a folder of speech (here: 59 minutes of 284 speakers of LibriSpeech, VCTK and AMI, CC BY 4.0); no transcripts are needed. PocketSphinx
(BSD licence, its acoustic model of US English and its phone language model are inside the package) says which phone is heard when; the
encoder learns to say the same of 40 ms frames of changed sound. Its answers are rough, and enough to learn from: what people's speech has in
common is known before lips are compared with it (recipes/Sync/README.md). The result, OUT/model, is a model folder with `sound_encoder`; hparams/sync_joint.yaml
starts from it. Every twelfth file is held out: its frames are scored. phones.json is kept and not made again. Five minutes of one core.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pins_plugin.data.media.audio import load_audio
from pins_plugin.errors import PinsError
from pins_plugin.models.folder.model_folder import save_model_folder
from pins_plugin.models.folder.module_registry import make_module
from pins_plugin.models.lips.sync_encoders import SoundEncoder
from pins_plugin.train.lips.phone_training import MIN_SPECTRA, train_phones
from pins_plugin.utils.files import read_json, write_json
from pins_plugin.utils.progress import progress
from pins_plugin.utils.script import run_script, script_parser
from pins_plugin.utils.seeding import seed_everything

SILENCE = "SIL"
LEVEL = 20000  # peak of the 16-bit sound that PocketSphinx hears
HELD_EVERY = 12
Phones = list[tuple[str, int, int]]  # what is heard from which to which 10 ms, both included


def hear_phones(waveforms: dict[str, NDArray[np.float32]]) -> dict[str, Phones]:
    """Let PocketSphinx say which phone is heard when in each (num_samples,) waveform at 16 kHz."""
    try:
        from pocketsphinx import Decoder, get_model_path
    except ImportError as error:
        raise PinsError(
            "phones are told by PocketSphinx: pip install pocketsphinx==5.1.1"
        ) from error
    model = Path(get_model_path()) / "en-us"
    decoder = Decoder(
        hmm=str(model / "en-us"),
        allphone=str(model / "en-us-phone.lm.bin"),
        lw=2.0,
        beam=1e-20,
        pbeam=1e-20,
        loglevel="FATAL",
    )
    heard = {}
    for name, waveform in progress(waveforms.items(), "phones"):
        leveled = waveform / max(float(np.abs(waveform).max()), 1e-4) * LEVEL
        decoder.start_utt()
        decoder.process_raw(leveled.astype(np.int16).tobytes(), full_utt=True)
        decoder.end_utt()
        heard[name] = [(seg.word, seg.start_frame, seg.end_frame) for seg in decoder.seg()]
    return heard


def number_phones(phones: Phones, num_spectra: int, numbers: dict[str, int]) -> Tensor:
    """Number of the phone of each 10 ms, (num_spectra,); where none is heard, of silence."""
    label = torch.full((num_spectra,), numbers[SILENCE])
    for word, first, last in phones:
        label[first : last + 1] = numbers.get(word, numbers[SILENCE])
    return label


def main() -> None:
    """Hear, learn, score, save."""
    parser = script_parser(__doc__)
    parser.add_argument("voices", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--num-steps", type=int, default=4000)
    parser.add_argument("--channels", type=int, default=128)
    parser.add_argument("--num-blocks", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    files = sorted(
        path for path in args.voices.rglob("*") if path.suffix in (".opus", ".flac", ".wav")
    )
    waveforms = {path.relative_to(args.voices).as_posix(): load_audio(path) for path in files}
    if not waveforms:
        raise PinsError(f"{args.voices}: expected .opus, .flac or .wav files, got none")
    record = args.out / "phones.json"
    if not record.exists():
        write_json(record, hear_phones(waveforms))
    heard = read_json(record, PinsError, "the phones of VOICES, as an earlier run heard them")
    names = sorted({word for phones in heard.values() for word, _, _ in phones if word.isalpha()})
    numbers = {name: number for number, name in enumerate(names)}
    seed_everything(args.seed)
    encoder = make_module(SoundEncoder, channels=args.channels, num_blocks=args.num_blocks)
    pieces = []
    with torch.inference_mode():
        for name, waveform in waveforms.items():
            spectrogram = encoder.spectrograms(torch.from_numpy(waveform)[None])[0].clone()
            if spectrogram.shape[1] >= MIN_SPECTRA:
                label = number_phones(heard[name], spectrogram.shape[1], numbers)
                pieces.append((spectrogram, label))
    taught = [piece for index, piece in enumerate(pieces) if index % HELD_EVERY]
    held = pieces[::HELD_EVERY]
    said, phones = train_phones(taught, held, encoder, len(names), args.num_steps, args.seed)
    right, silent = ((phones == each).float().mean() for each in (said, numbers[SILENCE]))
    result = f"{100 * right:.1f} % of the frames of {len(held)} files held out are named as PocketSphinx does ({100 * silent:.1f} % are silence, the commonest)"
    print(result)
    save_model_folder(
        args.out / "model", {"sound_encoder": encoder}, {}, f"# Phones\n\n{result}.\n"
    )


if __name__ == "__main__":
    run_script(main)
