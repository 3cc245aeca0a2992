-- Failed logins counted under a key.
-- params: key
-- columns: failures last_unix
SELECT failures, last_unix FROM login_failure WHERE key = :key
