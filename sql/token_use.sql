-- Uses a token up.
-- params: hash kind
DELETE FROM token WHERE hash = :hash AND kind = :kind
