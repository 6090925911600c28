"""The entry point of `source-mixpanel-parallel`: checks the system and takes stdout, then imports the connector.

stdout is taken first so that nothing that is imported or started later can write into a message. Exits with code 1 on
Windows and when stdout is closed; all other exit codes are those of command.py.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress

from source_mixpanel_parallel.process.system import refuse_windows


def main(argv: Sequence[str] | None = None) -> None:
    """Run the connector with *argv* (default: the process's)."""
    refuse_windows()
    from source_mixpanel_parallel.process.output import take_stdout  # noqa: PLC0415 - needs what Windows lacks

    try:
        stdout = take_stdout()
    except OSError as error:
        sys.exit(f"source-mixpanel-parallel: messages can't be written to stdout: {error.strerror}.")
    _leave_out_docstrings()
    from source_mixpanel_parallel.command import run  # noqa: PLC0415 - may print while it is imported

    run(list(sys.argv[1:] if argv is None else argv), stdout)


def _leave_out_docstrings() -> None:
    """Keep the serializers of the protocol from parsing its source for field descriptions that nothing here prints.

    serpyco-rs 1.23 asks attributes_doc for them as the CDK is imported: a third of the time until a read begins.
    """
    with suppress(ImportError):  # another serializer needs no such thing
        import attributes_doc  # noqa: PLC0415 - see above

        attributes_doc.get_attributes_doc = _no_docstrings


def _no_docstrings(cls: type) -> dict[str, str]:  # noqa: ARG001 - named as the function it replaces
    return {}


if __name__ == "__main__":
    main()
