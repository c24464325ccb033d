"""What the tests share: a user, terminals, doubles, hostile input, kills."""
