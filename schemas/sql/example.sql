-- The tables of example on PostgreSQL, written from the models by `make schemas`. Do not edit.

CREATE TABLE example_thanks (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	sender_id BIGINT,
	receiver_id BIGINT NOT NULL,
	text VARCHAR(140) NOT NULL,
	said_at TIMESTAMP WITH TIME ZONE NOT NULL,
	seen_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_example_thanks PRIMARY KEY (id),
	CONSTRAINT uq_example_thanks_public_id UNIQUE (public_id),
	CONSTRAINT fk_example_thanks_sender_id FOREIGN KEY(sender_id) REFERENCES core_person (id),
	CONSTRAINT fk_example_thanks_receiver_id FOREIGN KEY(receiver_id) REFERENCES core_person (id)
);

CREATE INDEX ix_example_thanks_receiver_id ON example_thanks (receiver_id);

CREATE INDEX ix_example_thanks_said_at ON example_thanks (said_at);
