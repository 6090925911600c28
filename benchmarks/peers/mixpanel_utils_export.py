"""An export with mixpanel-utils, run by an interpreter that has it: account and range as JSON, and the file to write.

The export goes to an address on loopback instead of Mixpanel's.
"""

import json
import sys

from mixpanel_utils import MixpanelUtils


def main() -> None:
    """Write the events of the range to the file, one JSON array."""
    account = json.loads(sys.argv[1])
    client = MixpanelUtils(
        account["secret"], service_account_username=account["username"], project_id=account["project_id"]
    )
    client.raw_api = f"{account['url']}/api"
    params = {"from_date": account["first_day"], "to_date": account["last_day"], "time_in_ms": "true"}
    client.export_events(sys.argv[2], params, add_gzip_header=True)


if __name__ == "__main__":
    main()
