"""A simulator of Mixpanel: its raw export and engage APIs on 127.0.0.1, with limits, latencies and faults.

    from mixpanel_simulator import Fault, Scenario, start_simulator

    with start_simulator(Scenario(seed=7, days=30, events_per_day=200)) as simulator:
        simulator.add_fault(Fault("terminated_early", day=date(2026, 1, 3)))
        ...  # point a client at simulator.url with simulator.credentials
        simulator.requests()  # what it asked for, in order of arrival
        simulator.events(date(2026, 1, 1), date(2026, 1, 30))  # the truth to compare with

The simulator is a process of its own, and ends with the context or with its parent. All data follows from the
scenario's seed. Quotas are off unless the scenario has ``quotas=True``; they are Mixpanel's then, as moving windows
over arrivals. fault.py lists what can go wrong, ``python -m mixpanel_simulator --help`` every setting.
"""

from mixpanel_simulator.answers.request_log import RequestLogEntry
from mixpanel_simulator.faults.fault import Fault
from mixpanel_simulator.scenario import Scenario
from mixpanel_simulator.simulator import Simulator, start_simulator

__all__ = ["Fault", "RequestLogEntry", "Scenario", "Simulator", "start_simulator"]
