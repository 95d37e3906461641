"""Package metadata; imports nothing of the package itself."""

import re
from pathlib import Path

from setuptools import find_namespace_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(
    r'__version__ = "([^"]+)"', (ROOT / "pins_plugin" / "__init__.py").read_text()
).group(1)

PYTHONS = ("3", "3.11", "3.12", "3.13")  # those in which the wheel was tried, see docs/install.md
VIDEO_KINDS = ("mp4", "mkv", "mov", "avi", "webm")

REQUIREMENTS = [
    "torch>=2.8,<2.12",  # models and training; the upper bound is what torchvision and torchaudio were built for
    "torchaudio>=2.8,<=2.11.0",  # log-mel spectrograms, resampling, room effects; 2.11.1 loads with torch 2.12 only
    "torchvision>=0.23,<0.27",  # non-maximum suppression of boxes, image augmentation
    "pyannote.audio>=4.0.3,<5",  # the host of the pipeline
    "speechbrain>=1.1,<2",  # Brain, checkpoints, ECAPA-TDNN
    "facenet-pytorch>=2.5.3,<2.6",  # InceptionResnetV1 (imported where asked for); sets no bound, 2.6 pins torch<2.3
    "entrypoints>=0.4",  # finds the plugins of other packages
    "hyperpyyaml>=1.2",  # YAML experiments
    "pyyaml>=6",  # YAML of model folders, read without running code
    "numpy>=2.0",
    "scipy>=1.13",  # linear assignment, filters, clustering
    "scikit-learn>=1.5",  # ROC curves, calibration, clustering
    "av>=14,<19",  # video and sound in and out; its wheels carry FFmpeg; 19 opens no file with odd titles (metadata_errors)
    "opencv-python-headless>=4.10",  # warps and drawing; the headless build needs no libGL
    "silero-vad>=6.2",  # voice activity, weights inside the wheel
    "soundfile>=0.13",  # WAV and FLAC
    "safetensors>=0.5",  # checkpoints that cannot run code
    "jinja2>=3.1",  # HTML pages
    "pillow>=10.4",
    "filelock>=3.16",  # one process at a time changes the people of a folder
    "psutil>=6",  # peak memory, worker processes included
    "tqdm>=4.66",  # progress bars
]

setup(
    name="pins_plugin",
    version=VERSION,
    description="Join faces and voices: learnable person identity nodes for SpeechBrain and pyannote",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11",
    classifiers=[f"Programming Language :: Python :: {version}" for version in PYTHONS],
    packages=[
        *find_namespace_packages(  # folders of data too
            include=["pins_plugin", "pins_plugin.*"], exclude=["*__pycache__*"]
        ),
        "pins_plugin.hparams",
    ],
    package_dir={"pins_plugin.hparams": "hparams"},  # the experiments are in the wheel too
    include_package_data=True,
    package_data={
        "pins_plugin": ["py.typed"],
        "pins_plugin.hparams": ["*.yaml"],
        "pins_plugin.report.page": ["templates/*"],
        "pins_plugin.pretrained": ["*/*"],
    },
    install_requires=REQUIREMENTS,
    extras_require={
        "train": [
            "tensorboard>=2.17",  # curves of a training run; train_log.txt needs nothing
            "matplotlib>=3.9",  # plots of scores (pyannote.audio brings it, too)
            "fsspec>=2024.6",  # training shards from object storage (torch brings it, too)
        ],
        "onnx": ["onnx>=1.17", "onnxruntime>=1.20"],  # other encoders by file, export
        "gallery": ["faiss-cpu>=1.9"],  # neighbors among the people of large archives
        "ray": ["ray>=2.40"],  # workers on many machines (pins link --ray ADDRESS)
        "editors": ["opentimelineio>=0.17"],  # time lines as OTIO
        "parquet": [
            "pandas>=2",
            "fastparquet>=2024.11",
        ],  # tables as Parquet (pandas: pyannote brings it, too)
        "docs": ["mkdocs-material>=9.5", "mkdocstrings[python]>=0.27"],
        "test": [
            "pytest>=8",
            "pytest-xdist>=3.6",
            "typer>=0.15.1",  # pyannote-audio benchmark, of pyannote.audio[cli]
            "setuptools>=65",  # builds the example of a plugin
            "ruff>=0.8",
            "mypy>=1.13",
            "selenium>=4.25",
            "pysubs2>=1.8",  # reads subtitles that we write
            "pympi-ling>=1.70",  # reads ELAN
            "praatio>=6.2",  # reads TextGrid
            "opentimelineio>=0.17",  # reads time code, OTIO
            "fastparquet>=2024.11",  # writes and reads Parquet
            "motmetrics>=1.4",  # reads MOT
            "otio-cmx3600-adapter>=1.0",  # reads EDL
            "otio-fcp-adapter>=1.0",  # reads FCP7 XML
        ],  # selenium: pages in a real browser
    },
    entry_points={
        "console_scripts": ["pins = pins_plugin.cli:main"],
        "pyannote.database.loader": [  # by the ending of a file in database.yml
            ".json = pins_plugin.pipelines.pyannote_host.loaders:FaceTracksLoader",
            *(
                f".{kind} = pins_plugin.pipelines.pyannote_host.loaders:VideoLoader"
                for kind in VIDEO_KINDS
            ),
        ],
    },
)
