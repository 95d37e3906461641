"""List what other packages add to pins_plugin: encoders, trackers, evidence.

Every plugin is imported once; what fails is named with its reason, and the command ends with status 1.
A plugin is used by its name, such as `pins train ... --face_encoder NAME`.
"""

import argparse
import json
import sys

from pins_plugin.cli._options import add_options

HELP = "list encoders, trackers and evidence of other packages"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command's arguments."""
    add_options(parser, "json")


def run(args: argparse.Namespace) -> None:
    """Run the command."""
    from pins_plugin.errors import PluginError
    from pins_plugin.plugins import KINDS, find_plugins

    rows: list[dict[str, str | None]] = []
    for kind in KINDS:
        for plugin in find_plugins(kind):
            try:
                plugin.load()
                problem = None
            except PluginError as error:
                problem = str(error)
            rows.append(
                {
                    "kind": kind,
                    "name": plugin.name,
                    "target": plugin.target,
                    "distribution": plugin.distribution,
                    "problem": problem,
                }
            )
    if args.json:
        print(json.dumps(rows, indent=2))
    elif not rows:
        print("no plugins installed; a package adds one by an entry point of a group:")
        for kind, meaning in KINDS.items():
            print(f"  pins_plugin.{kind}: {meaning}")
    else:
        for row in rows:
            print(
                f"{row['kind']:15} {row['name']:20} {row['distribution']:30} {row['problem'] or 'ok'}"
            )
    if any(row["problem"] for row in rows):
        sys.exit(1)
