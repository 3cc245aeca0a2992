-- The bytes of one piece of a content.
-- params: content number
-- columns: bytes
SELECT bytes FROM chunk WHERE content = :content AND number = :number
