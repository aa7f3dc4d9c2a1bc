CREATE TABLE entries (id INTEGER PRIMARY KEY, account TEXT NOT NULL, cents INTEGER NOT NULL, note TEXT);
INSERT INTO entries (account, cents, note) VALUES ('ada', 1250, 'opening; balance'), ('ada', -300, NULL), ('bob', 5, 'it''s his');
