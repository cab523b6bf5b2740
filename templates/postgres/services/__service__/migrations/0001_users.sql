CREATE TABLE users (
    id uuid PRIMARY KEY,
    -- How often the user was changed.
    version bigint NOT NULL CHECK (version > 0),
    name text NOT NULL,
    -- In lower case, as the service writes it.
    email text NOT NULL CONSTRAINT users_email_key UNIQUE
);
