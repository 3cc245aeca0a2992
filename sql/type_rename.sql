-- Gives a type another name; its slug, which stands in addresses, stays.
-- params: id name
UPDATE type SET name = :name WHERE id = :id
