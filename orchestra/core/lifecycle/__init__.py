"""The state machine of a worker: `machine.apply(worker, event)`, and its rules by who caused the event."""
