"""The daemon: hub and projects kept in sync until it is stopped.

Floor 6. Events are hints, the scan is the truth: `hints` hears from watchdog that something changed somewhere, `pace` waits until
it is quiet there, `loop` runs `agentsync.sync` on what was touched. `places` says what is to be watched, `state` what others may
know of a running daemon. Nothing of it is imported by other commands but `state`.
"""
