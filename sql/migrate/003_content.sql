-- What readers may see is numbered, so that pages made of it can be kept until it changes. Triggers count, as no writer,
-- the shell included, can forget them; what only staff see (drafts, sessions, revisions) moves nothing.

CREATE TABLE content (generation INTEGER NOT NULL) STRICT;
INSERT INTO content (generation) VALUES (1);

CREATE TRIGGER content_item_insert AFTER INSERT ON item WHEN new.status = 'published'
BEGIN
    UPDATE content SET generation = generation + 1;
END;

CREATE TRIGGER content_item_update AFTER UPDATE ON item WHEN old.status = 'published' OR new.status = 'published'
BEGIN
    UPDATE content SET generation = generation + 1;
END;

CREATE TRIGGER content_item_delete AFTER DELETE ON item WHEN old.status = 'published'
BEGIN
    UPDATE content SET generation = generation + 1;
END;

CREATE TRIGGER content_type_insert AFTER INSERT ON type
BEGIN
    UPDATE content SET generation = generation + 1;
END;

CREATE TRIGGER content_type_update AFTER UPDATE ON type
BEGIN
    UPDATE content SET generation = generation + 1;
END;

CREATE TRIGGER content_type_delete AFTER DELETE ON type
BEGIN
    UPDATE content SET generation = generation + 1;
END;

CREATE TRIGGER content_file_update AFTER UPDATE ON file
BEGIN
    UPDATE content SET generation = generation + 1;
END;
