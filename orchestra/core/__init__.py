"""What the program knows without asking: records, rules, texts. Pure; standard library only; safe in a hook."""
