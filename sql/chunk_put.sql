-- One piece of a content's bytes.
-- params: content number bytes
INSERT INTO chunk (content, number, bytes) VALUES (:content, :number, :bytes)
