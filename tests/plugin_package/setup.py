"""A small package that adds to pins_plugin, as another laboratory would write it."""

from setuptools import setup

setup(
    name="pins-example",
    version="0.3",
    description="Example of a plugin package for pins_plugin",
    package_dir={"": "src"},
    packages=["pins_example"],
    install_requires=["pins_plugin"],
    entry_points={
        "pins_plugin.face_encoders": [
            "thumbnail = pins_example.encoders:ThumbnailEncoder",
            "broken = pins_example.broken:Encoder",
        ],
        "pins_plugin.voice_encoders": ["loudness = pins_example.encoders:LoudnessEncoder"],
        "pins_plugin.trackers": ["still = pins_example.tracker:track_still_face"],
        "pins_plugin.evidence": ["coin = pins_example.evidence:CoinEvidence"],
    },
)
