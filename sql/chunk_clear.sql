-- Takes all bytes of a content away.
-- params: content
DELETE FROM chunk WHERE content = :content
