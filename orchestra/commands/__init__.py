"""One file per verb, one public function of that name: plain values in, a record out. No Click, no printing."""
