"""Files below $ORCHESTRA_HOME: session files, journals, locks, atomic writes. Standard library only; safe in a hook."""
