"""Apps: functions under a name, run, deployed, found by name, started on a schedule."""
