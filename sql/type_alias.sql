-- name: type_alias_clear
-- Lets a new type have the slug of one that was merged.
-- params: slug
DELETE FROM type_alias WHERE slug = :slug;
