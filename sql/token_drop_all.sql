-- Drops the tokens of all links.
DELETE FROM token
