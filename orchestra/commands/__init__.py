"""One verb a file, with one public function of its name; no parsing and no printing."""
