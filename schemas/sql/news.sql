-- The tables of news on PostgreSQL, written from the models by `make schemas`. Do not edit.

CREATE TABLE news_column (
	id BIGSERIAL NOT NULL,
	key VARCHAR(32) NOT NULL,
	title VARCHAR(32) NOT NULL,
	title_en VARCHAR(64) NOT NULL,
	reach VARCHAR(16) NOT NULL,
	is_must_read BOOLEAN NOT NULL,
	is_active BOOLEAN NOT NULL,
	sort_order INTEGER NOT NULL,
	CONSTRAINT pk_news_column PRIMARY KEY (id),
	CONSTRAINT uq_news_column_key UNIQUE (key)
);

CREATE TABLE news_notice (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	column_id BIGINT NOT NULL,
	department_id BIGINT NOT NULL,
	author_id BIGINT NOT NULL,
	audience_id BIGINT,
	title VARCHAR(60) NOT NULL,
	body TEXT NOT NULL,
	text TEXT NOT NULL,
	state VARCHAR(16) NOT NULL,
	returned VARCHAR(16),
	undeliverable_count INTEGER NOT NULL,
	publish_at TIMESTAMP WITH TIME ZONE,
	published_at TIMESTAMP WITH TIME ZONE,
	withdrawn_at TIMESTAMP WITH TIME ZONE,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	version INTEGER NOT NULL,
	CONSTRAINT pk_news_notice PRIMARY KEY (id),
	CONSTRAINT uq_news_notice_public_id UNIQUE (public_id),
	CONSTRAINT fk_news_notice_column_id FOREIGN KEY(column_id) REFERENCES news_column (id),
	CONSTRAINT fk_news_notice_department_id FOREIGN KEY(department_id) REFERENCES core_department (id),
	CONSTRAINT fk_news_notice_author_id FOREIGN KEY(author_id) REFERENCES core_person (id),
	CONSTRAINT fk_news_notice_audience_id FOREIGN KEY(audience_id) REFERENCES core_audience (id)
);

CREATE INDEX ix_news_notice_audience_id ON news_notice (audience_id);

CREATE INDEX ix_news_notice_author_id ON news_notice (author_id);

CREATE INDEX ix_news_notice_column_id ON news_notice (column_id);

CREATE INDEX ix_news_notice_department_id ON news_notice (department_id);

CREATE INDEX ix_news_notice_state_publish_at ON news_notice (state, publish_at);

CREATE INDEX ix_news_notice_state_published_at ON news_notice (state, published_at);

CREATE TABLE news_attachment (
	id BIGSERIAL NOT NULL,
	notice_id BIGINT NOT NULL,
	file_id BIGINT NOT NULL,
	position INTEGER NOT NULL,
	CONSTRAINT pk_news_attachment PRIMARY KEY (id),
	CONSTRAINT fk_news_attachment_notice_id FOREIGN KEY(notice_id) REFERENCES news_notice (id) ON DELETE CASCADE,
	CONSTRAINT uq_news_attachment_file_id UNIQUE (file_id),
	CONSTRAINT fk_news_attachment_file_id FOREIGN KEY(file_id) REFERENCES core_stored_file (id)
);

CREATE INDEX ix_news_attachment_notice_id ON news_attachment (notice_id);

CREATE TABLE news_picture (
	id BIGSERIAL NOT NULL,
	notice_id BIGINT NOT NULL,
	file_id BIGINT NOT NULL,
	CONSTRAINT pk_news_picture PRIMARY KEY (id),
	CONSTRAINT fk_news_picture_notice_id FOREIGN KEY(notice_id) REFERENCES news_notice (id) ON DELETE CASCADE,
	CONSTRAINT uq_news_picture_file_id UNIQUE (file_id),
	CONSTRAINT fk_news_picture_file_id FOREIGN KEY(file_id) REFERENCES core_stored_file (id)
);

CREATE INDEX ix_news_picture_notice_id ON news_picture (notice_id);

CREATE TABLE news_read (
	person_id BIGINT NOT NULL,
	notice_id BIGINT NOT NULL,
	read_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_news_read PRIMARY KEY (person_id, notice_id),
	CONSTRAINT fk_news_read_person_id FOREIGN KEY(person_id) REFERENCES core_person (id) ON DELETE CASCADE,
	CONSTRAINT fk_news_read_notice_id FOREIGN KEY(notice_id) REFERENCES news_notice (id) ON DELETE CASCADE
);

CREATE INDEX ix_news_read_notice_id ON news_read (notice_id);

CREATE TABLE news_reminder (
	notice_id BIGINT NOT NULL,
	person_id BIGINT NOT NULL,
	reminded_at TIMESTAMP WITH TIME ZONE NOT NULL,
	count INTEGER NOT NULL,
	CONSTRAINT pk_news_reminder PRIMARY KEY (notice_id),
	CONSTRAINT fk_news_reminder_notice_id FOREIGN KEY(notice_id) REFERENCES news_notice (id) ON DELETE CASCADE,
	CONSTRAINT fk_news_reminder_person_id FOREIGN KEY(person_id) REFERENCES core_person (id)
);
