-- The tables of core on PostgreSQL, written from the models by `make schemas`. Do not edit.

CREATE TABLE core_audience (
	id BIGSERIAL NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_core_audience PRIMARY KEY (id)
);

CREATE TABLE core_audit_record (
	id BIGSERIAL NOT NULL,
	event_id VARCHAR(32) NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	actor_kind VARCHAR(16) NOT NULL,
	actor_id VARCHAR(64) NOT NULL,
	actor_name VARCHAR(64) NOT NULL,
	session_id VARCHAR(24) NOT NULL,
	ip VARCHAR(64) NOT NULL,
	request_id VARCHAR(32) NOT NULL,
	action VARCHAR(64) NOT NULL,
	object_kind VARCHAR(64) NOT NULL,
	object_id VARCHAR(64) NOT NULL,
	result VARCHAR(16) NOT NULL,
	details BYTEA NOT NULL,
	transaction_id BIGINT NOT NULL,
	key_id VARCHAR(16) NOT NULL,
	mac VARCHAR(64) NOT NULL,
	CONSTRAINT pk_core_audit_record PRIMARY KEY (id),
	CONSTRAINT uq_core_audit_record_event_id UNIQUE (event_id)
);

CREATE INDEX ix_core_audit_record_action ON core_audit_record (action);

CREATE INDEX ix_core_audit_record_actor_at ON core_audit_record (actor_kind, actor_id, at);

CREATE INDEX ix_core_audit_record_at ON core_audit_record (at);

CREATE INDEX ix_core_audit_record_object ON core_audit_record (object_kind, object_id);

CREATE INDEX ix_core_audit_record_transaction ON core_audit_record (transaction_id, id);

CREATE TABLE core_audit_seal (
	number BIGINT NOT NULL,
	first_id BIGINT NOT NULL,
	last_id BIGINT NOT NULL,
	count INTEGER NOT NULL,
	root VARCHAR(64) NOT NULL,
	previous VARCHAR(64) NOT NULL,
	made_at TIMESTAMP WITH TIME ZONE NOT NULL,
	cursor_transaction BIGINT NOT NULL,
	cursor_id BIGINT NOT NULL,
	floor_id BIGINT NOT NULL,
	tombstone TEXT NOT NULL,
	members BYTEA NOT NULL,
	key_id VARCHAR(16) NOT NULL,
	mac VARCHAR(64) NOT NULL,
	CONSTRAINT pk_core_audit_seal PRIMARY KEY (number)
);

CREATE INDEX ix_core_audit_seal_last_id ON core_audit_seal (last_id);

CREATE TABLE core_backup_run (
	id BIGSERIAL NOT NULL,
	kind VARCHAR(16) NOT NULL,
	backup VARCHAR(64) NOT NULL,
	started_at TIMESTAMP WITH TIME ZONE NOT NULL,
	finished_at TIMESTAMP WITH TIME ZONE NOT NULL,
	is_well BOOLEAN NOT NULL,
	detail VARCHAR(512) NOT NULL,
	CONSTRAINT pk_core_backup_run PRIMARY KEY (id)
);

CREATE INDEX ix_core_backup_run_kind_started_at ON core_backup_run (kind, started_at);

CREATE TABLE core_department (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	code VARCHAR(64) NOT NULL,
	wecom_id INTEGER,
	parent_id BIGINT,
	path VARCHAR(255) NOT NULL,
	name VARCHAR(64) NOT NULL,
	name_en VARCHAR(128) NOT NULL,
	campus VARCHAR(64) NOT NULL,
	sort_order INTEGER NOT NULL,
	is_active BOOLEAN NOT NULL,
	source VARCHAR(16) NOT NULL,
	CONSTRAINT pk_core_department PRIMARY KEY (id),
	CONSTRAINT uq_core_department_public_id UNIQUE (public_id),
	CONSTRAINT uq_core_department_code UNIQUE (code),
	CONSTRAINT uq_core_department_wecom_id UNIQUE (wecom_id),
	CONSTRAINT fk_core_department_parent_id FOREIGN KEY(parent_id) REFERENCES core_department (id)
);

CREATE INDEX ix_core_department_parent_id ON core_department (parent_id);

CREATE INDEX ix_core_department_path ON core_department (path);

CREATE TABLE core_import_run (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	source VARCHAR(255) NOT NULL,
	digest VARCHAR(64) NOT NULL,
	applied_at TIMESTAMP WITH TIME ZONE NOT NULL,
	applied_by VARCHAR(128) NOT NULL,
	undone_at TIMESTAMP WITH TIME ZONE,
	changes BYTEA,
	CONSTRAINT pk_core_import_run PRIMARY KEY (id),
	CONSTRAINT uq_core_import_run_public_id UNIQUE (public_id)
);

CREATE TABLE core_job_run (
	name VARCHAR(96) NOT NULL,
	due_at TIMESTAMP WITH TIME ZONE NOT NULL,
	last_finished_at TIMESTAMP WITH TIME ZONE,
	last_error VARCHAR(512) NOT NULL,
	CONSTRAINT pk_core_job_run PRIMARY KEY (name)
);

CREATE TABLE core_login_failure (
	id BIGSERIAL NOT NULL,
	login VARCHAR(64) NOT NULL,
	ip VARCHAR(64) NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_core_login_failure PRIMARY KEY (id)
);

CREATE INDEX ix_core_login_failure_ip_at ON core_login_failure (ip, at);

CREATE INDEX ix_core_login_failure_login_at ON core_login_failure (login, at);

CREATE TABLE core_message (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	kind VARCHAR(64) NOT NULL,
	source_id VARCHAR(64) NOT NULL,
	dedupe_key VARCHAR(128) NOT NULL,
	title VARCHAR(128) NOT NULL,
	description VARCHAR(512) NOT NULL,
	path VARCHAR(1024) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	due_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_core_message PRIMARY KEY (id),
	CONSTRAINT uq_core_message_public_id UNIQUE (public_id),
	CONSTRAINT uq_core_message_dedupe_key UNIQUE (dedupe_key)
);

CREATE INDEX ix_core_message_kind ON core_message (kind);

CREATE INDEX ix_core_message_source_id ON core_message (source_id);

CREATE TABLE core_oauth_state (
	state_hash VARCHAR(64) NOT NULL,
	browser_hash VARCHAR(64) NOT NULL,
	next_path VARCHAR(2048) NOT NULL,
	method VARCHAR(16) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	used_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_core_oauth_state PRIMARY KEY (state_hash)
);

CREATE INDEX ix_core_oauth_state_created_at ON core_oauth_state (created_at);

CREATE TABLE core_outbox_event (
	id BIGSERIAL NOT NULL,
	name VARCHAR(64) NOT NULL,
	subject_id VARCHAR(64) NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	data JSONB NOT NULL,
	told_at TIMESTAMP WITH TIME ZONE,
	retry_at TIMESTAMP WITH TIME ZONE NOT NULL,
	attempts INTEGER NOT NULL,
	CONSTRAINT pk_core_outbox_event PRIMARY KEY (id)
);

CREATE INDEX ix_core_outbox_event_name ON core_outbox_event (name);

CREATE INDEX ix_core_outbox_event_retry_at ON core_outbox_event (retry_at);

CREATE TABLE core_person (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	staff_no VARCHAR(64) NOT NULL,
	wecom_userid VARCHAR(64),
	wecom_userid_key VARCHAR(64),
	name VARCHAR(64) NOT NULL,
	pinyin VARCHAR(255) NOT NULL,
	initials VARCHAR(64) NOT NULL,
	title VARCHAR(64) NOT NULL,
	position VARCHAR(128) NOT NULL,
	state VARCHAR(16) NOT NULL,
	source VARCHAR(16) NOT NULL,
	is_reachable BOOLEAN NOT NULL,
	unreachable_reason VARCHAR(64) NOT NULL,
	confirmed_at TIMESTAMP WITH TIME ZONE,
	locale VARCHAR(8) NOT NULL,
	has_large_text BOOLEAN NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
	mobile BYTEA,
	mobile_index VARCHAR(16),
	email BYTEA,
	CONSTRAINT pk_core_person PRIMARY KEY (id),
	CONSTRAINT uq_core_person_public_id UNIQUE (public_id),
	CONSTRAINT uq_core_person_staff_no UNIQUE (staff_no),
	CONSTRAINT uq_core_person_wecom_userid_key UNIQUE (wecom_userid_key)
);

CREATE INDEX ix_core_person_mobile_index ON core_person (mobile_index);

CREATE INDEX ix_core_person_state_name ON core_person (state, name);

CREATE TABLE core_request_key (
	key VARCHAR(96) NOT NULL,
	done_at TIMESTAMP WITH TIME ZONE NOT NULL,
	location VARCHAR(2048) NOT NULL,
	CONSTRAINT pk_core_request_key PRIMARY KEY (key)
);

CREATE INDEX ix_core_request_key_done_at ON core_request_key (done_at);

CREATE TABLE core_role (
	id BIGSERIAL NOT NULL,
	key VARCHAR(32) NOT NULL,
	name VARCHAR(64) NOT NULL,
	CONSTRAINT pk_core_role PRIMARY KEY (id),
	CONSTRAINT uq_core_role_key UNIQUE (key),
	CONSTRAINT uq_core_role_name UNIQUE (name)
);

CREATE TABLE core_stored_file (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	plugin VARCHAR(32) NOT NULL,
	name VARCHAR(255) NOT NULL,
	media_type VARCHAR(128) NOT NULL,
	size BIGINT NOT NULL,
	sha256 VARCHAR(64) NOT NULL,
	width INTEGER,
	height INTEGER,
	thumb_size INTEGER,
	storage_key VARCHAR(64) NOT NULL,
	key_sealed BYTEA,
	uploaded_by VARCHAR(64) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	state VARCHAR(16) NOT NULL,
	finding VARCHAR(255) NOT NULL,
	checked_at TIMESTAMP WITH TIME ZONE,
	scan_at TIMESTAMP WITH TIME ZONE,
	attempts INTEGER NOT NULL,
	alarmed_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_core_stored_file PRIMARY KEY (id),
	CONSTRAINT uq_core_stored_file_public_id UNIQUE (public_id),
	CONSTRAINT uq_core_stored_file_storage_key UNIQUE (storage_key)
);

CREATE INDEX ix_core_stored_file_plugin ON core_stored_file (plugin);

CREATE INDEX ix_core_stored_file_state_scan_at ON core_stored_file (state, scan_at);

CREATE TABLE core_tag (
	id BIGSERIAL NOT NULL,
	name VARCHAR(64) NOT NULL,
	wecom_id INTEGER,
	CONSTRAINT pk_core_tag PRIMARY KEY (id),
	CONSTRAINT uq_core_tag_name UNIQUE (name),
	CONSTRAINT uq_core_tag_wecom_id UNIQUE (wecom_id)
);

CREATE TABLE core_wecom_callback (
	id BIGSERIAL NOT NULL,
	dedupe_key VARCHAR(64) NOT NULL,
	event VARCHAR(64) NOT NULL,
	body_sealed BYTEA NOT NULL,
	received_at TIMESTAMP WITH TIME ZONE NOT NULL,
	retry_at TIMESTAMP WITH TIME ZONE NOT NULL,
	handled_at TIMESTAMP WITH TIME ZONE,
	attempts INTEGER NOT NULL,
	outcome VARCHAR(64) NOT NULL,
	CONSTRAINT pk_core_wecom_callback PRIMARY KEY (id),
	CONSTRAINT uq_core_wecom_callback_dedupe_key UNIQUE (dedupe_key)
);

CREATE INDEX ix_core_wecom_callback_event ON core_wecom_callback (event);

CREATE INDEX ix_core_wecom_callback_handled_at_retry_at ON core_wecom_callback (handled_at, retry_at);

CREATE TABLE core_wecom_pause (
	api VARCHAR(64) NOT NULL,
	until TIMESTAMP WITH TIME ZONE NOT NULL,
	strikes INTEGER NOT NULL,
	reason VARCHAR(255) NOT NULL,
	CONSTRAINT pk_core_wecom_pause PRIMARY KEY (api)
);

CREATE TABLE core_wecom_token (
	key VARCHAR(64) NOT NULL,
	value_sealed BYTEA,
	expires_at TIMESTAMP WITH TIME ZONE,
	lease_holder VARCHAR(32) NOT NULL,
	lease_until TIMESTAMP WITH TIME ZONE,
	doubted_at TIMESTAMP WITH TIME ZONE,
	refused_at TIMESTAMP WITH TIME ZONE,
	refused_count INTEGER NOT NULL,
	refused_reason VARCHAR(255) NOT NULL,
	CONSTRAINT pk_core_wecom_token PRIMARY KEY (key)
);

CREATE TABLE core_zone_opening (
	id BIGSERIAL NOT NULL,
	route_group VARCHAR(16) NOT NULL,
	opened_by VARCHAR(64) NOT NULL,
	opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_core_zone_opening PRIMARY KEY (id)
);

CREATE TABLE core_zone_rule (
	id BIGSERIAL NOT NULL,
	zone VARCHAR(16) NOT NULL,
	cidr VARCHAR(49) NOT NULL,
	note VARCHAR(120) NOT NULL,
	created_by VARCHAR(64) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_core_zone_rule PRIMARY KEY (id),
	CONSTRAINT uq_core_zone_rule_zone_cidr UNIQUE (zone, cidr)
);

CREATE TABLE core_administrator (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	login VARCHAR(64) NOT NULL,
	name VARCHAR(64) NOT NULL,
	password_hash VARCHAR(255) NOT NULL,
	totp_sealed BYTEA NOT NULL,
	totp_last_step INTEGER NOT NULL,
	is_active BOOLEAN NOT NULL,
	role VARCHAR(16) NOT NULL,
	person_id BIGINT,
	role_mac VARCHAR(64) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	last_used_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_core_administrator PRIMARY KEY (id),
	CONSTRAINT uq_core_administrator_public_id UNIQUE (public_id),
	CONSTRAINT uq_core_administrator_login UNIQUE (login),
	CONSTRAINT fk_core_administrator_person_id FOREIGN KEY(person_id) REFERENCES core_person (id)
);

CREATE INDEX ix_core_administrator_person_id ON core_administrator (person_id);

CREATE TABLE core_audience_term (
	id BIGSERIAL NOT NULL,
	audience_id BIGINT NOT NULL,
	facet VARCHAR(32) NOT NULL,
	is_exclusion BOOLEAN NOT NULL,
	CONSTRAINT pk_core_audience_term PRIMARY KEY (id),
	CONSTRAINT uq_core_audience_term_audience_id_facet_is_exclusion UNIQUE (audience_id, facet, is_exclusion),
	CONSTRAINT fk_core_audience_term_audience_id FOREIGN KEY(audience_id) REFERENCES core_audience (id) ON DELETE CASCADE
);

CREATE INDEX ix_core_audience_term_facet ON core_audience_term (facet);

CREATE TABLE core_confirmation_code (
	id BIGSERIAL NOT NULL,
	person_id BIGINT NOT NULL,
	channel VARCHAR(8) NOT NULL,
	code_hash VARCHAR(64) NOT NULL,
	sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	attempts INTEGER NOT NULL,
	used_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_core_confirmation_code PRIMARY KEY (id),
	CONSTRAINT fk_core_confirmation_code_person_id FOREIGN KEY(person_id) REFERENCES core_person (id) ON DELETE CASCADE
);

CREATE INDEX ix_core_confirmation_code_person_id ON core_confirmation_code (person_id);

CREATE TABLE core_event_told (
	event_id BIGINT NOT NULL,
	plugin VARCHAR(32) NOT NULL,
	CONSTRAINT pk_core_event_told PRIMARY KEY (event_id, plugin),
	CONSTRAINT fk_core_event_told_event_id FOREIGN KEY(event_id) REFERENCES core_outbox_event (id) ON DELETE CASCADE
);

CREATE INDEX ix_core_event_told_plugin ON core_event_told (plugin);

CREATE TABLE core_file_preview (
	id BIGSERIAL NOT NULL,
	file_id BIGINT NOT NULL,
	state VARCHAR(16) NOT NULL,
	due_at TIMESTAMP WITH TIME ZONE NOT NULL,
	attempts INTEGER NOT NULL,
	pages JSONB NOT NULL,
	has_more BOOLEAN NOT NULL,
	problem VARCHAR(32) NOT NULL,
	CONSTRAINT pk_core_file_preview PRIMARY KEY (id),
	CONSTRAINT uq_core_file_preview_file_id UNIQUE (file_id),
	CONSTRAINT fk_core_file_preview_file_id FOREIGN KEY(file_id) REFERENCES core_stored_file (id) ON DELETE CASCADE
);

CREATE INDEX ix_core_file_preview_state_due_at ON core_file_preview (state, due_at);

CREATE TABLE core_file_upload (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	plugin VARCHAR(32) NOT NULL,
	name VARCHAR(255) NOT NULL,
	size BIGINT NOT NULL,
	sha256 VARCHAR(64) NOT NULL,
	arrived BIGINT NOT NULL,
	pieces JSONB NOT NULL,
	storage_key VARCHAR(64) NOT NULL,
	key_sealed BYTEA NOT NULL,
	uploaded_by VARCHAR(64) NOT NULL,
	touched_at TIMESTAMP WITH TIME ZONE NOT NULL,
	file_id BIGINT,
	CONSTRAINT pk_core_file_upload PRIMARY KEY (id),
	CONSTRAINT uq_core_file_upload_public_id UNIQUE (public_id),
	CONSTRAINT uq_core_file_upload_storage_key UNIQUE (storage_key),
	CONSTRAINT uq_core_file_upload_file_id UNIQUE (file_id),
	CONSTRAINT fk_core_file_upload_file_id FOREIGN KEY(file_id) REFERENCES core_stored_file (id) ON DELETE CASCADE
);

CREATE INDEX ix_core_file_upload_touched_at ON core_file_upload (touched_at);

CREATE TABLE core_membership (
	person_id BIGINT NOT NULL,
	department_id BIGINT NOT NULL,
	is_primary BOOLEAN NOT NULL,
	is_leader BOOLEAN NOT NULL,
	sort_order INTEGER NOT NULL,
	CONSTRAINT pk_core_membership PRIMARY KEY (person_id, department_id),
	CONSTRAINT fk_core_membership_person_id FOREIGN KEY(person_id) REFERENCES core_person (id) ON DELETE CASCADE,
	CONSTRAINT fk_core_membership_department_id FOREIGN KEY(department_id) REFERENCES core_department (id)
);

CREATE INDEX ix_core_membership_department_id ON core_membership (department_id);

CREATE TABLE core_message_call (
	id BIGSERIAL NOT NULL,
	message_id BIGINT NOT NULL,
	body JSONB NOT NULL,
	state VARCHAR(16) NOT NULL,
	attempts INTEGER NOT NULL,
	planned_at TIMESTAMP WITH TIME ZONE NOT NULL,
	retry_at TIMESTAMP WITH TIME ZONE NOT NULL,
	uncertain_since TIMESTAMP WITH TIME ZONE,
	finished_at TIMESTAMP WITH TIME ZONE,
	wecom_msgid VARCHAR(255) NOT NULL,
	response_code VARCHAR(255) NOT NULL,
	card_text VARCHAR(64) NOT NULL,
	card_due_at TIMESTAMP WITH TIME ZONE,
	error VARCHAR(512) NOT NULL,
	CONSTRAINT pk_core_message_call PRIMARY KEY (id),
	CONSTRAINT fk_core_message_call_message_id FOREIGN KEY(message_id) REFERENCES core_message (id)
);

CREATE INDEX ix_core_message_call_card_due_at ON core_message_call (card_due_at);

CREATE INDEX ix_core_message_call_finished_at ON core_message_call (finished_at);

CREATE INDEX ix_core_message_call_message_id ON core_message_call (message_id);

CREATE INDEX ix_core_message_call_state_retry_at ON core_message_call (state, retry_at);

CREATE TABLE core_muted_kind (
	person_id BIGINT NOT NULL,
	kind VARCHAR(64) NOT NULL,
	CONSTRAINT pk_core_muted_kind PRIMARY KEY (person_id, kind),
	CONSTRAINT fk_core_muted_kind_person_id FOREIGN KEY(person_id) REFERENCES core_person (id) ON DELETE CASCADE
);

CREATE TABLE core_person_facet (
	person_id BIGINT NOT NULL,
	facet VARCHAR(32) NOT NULL,
	CONSTRAINT pk_core_person_facet PRIMARY KEY (person_id, facet),
	CONSTRAINT fk_core_person_facet_person_id FOREIGN KEY(person_id) REFERENCES core_person (id) ON DELETE CASCADE
);

CREATE INDEX ix_core_person_facet_facet_person_id ON core_person_facet (facet, person_id);

CREATE TABLE core_person_role (
	person_id BIGINT NOT NULL,
	role_id BIGINT NOT NULL,
	CONSTRAINT pk_core_person_role PRIMARY KEY (person_id, role_id),
	CONSTRAINT fk_core_person_role_person_id FOREIGN KEY(person_id) REFERENCES core_person (id) ON DELETE CASCADE,
	CONSTRAINT fk_core_person_role_role_id FOREIGN KEY(role_id) REFERENCES core_role (id)
);

CREATE INDEX ix_core_person_role_role_id ON core_person_role (role_id);

CREATE TABLE core_person_tag (
	person_id BIGINT NOT NULL,
	tag_id BIGINT NOT NULL,
	CONSTRAINT pk_core_person_tag PRIMARY KEY (person_id, tag_id),
	CONSTRAINT fk_core_person_tag_person_id FOREIGN KEY(person_id) REFERENCES core_person (id) ON DELETE CASCADE,
	CONSTRAINT fk_core_person_tag_tag_id FOREIGN KEY(tag_id) REFERENCES core_tag (id)
);

CREATE INDEX ix_core_person_tag_tag_id ON core_person_tag (tag_id);

CREATE TABLE core_quiet_hours (
	person_id BIGINT NOT NULL,
	starts_minute INTEGER NOT NULL,
	ends_minute INTEGER NOT NULL,
	CONSTRAINT pk_core_quiet_hours PRIMARY KEY (person_id),
	CONSTRAINT fk_core_quiet_hours_person_id FOREIGN KEY(person_id) REFERENCES core_person (id) ON DELETE CASCADE
);

CREATE TABLE core_delivery (
	id BIGSERIAL NOT NULL,
	message_id BIGINT NOT NULL,
	person_id BIGINT NOT NULL,
	call_id BIGINT,
	state VARCHAR(16) NOT NULL,
	reason VARCHAR(64) NOT NULL,
	due_at TIMESTAMP WITH TIME ZONE NOT NULL,
	sent_at TIMESTAMP WITH TIME ZONE,
	opened_at TIMESTAMP WITH TIME ZONE,
	settled_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_core_delivery PRIMARY KEY (id),
	CONSTRAINT uq_core_delivery_message_id_person_id UNIQUE (message_id, person_id),
	CONSTRAINT fk_core_delivery_message_id FOREIGN KEY(message_id) REFERENCES core_message (id) ON DELETE CASCADE,
	CONSTRAINT fk_core_delivery_person_id FOREIGN KEY(person_id) REFERENCES core_person (id),
	CONSTRAINT fk_core_delivery_call_id FOREIGN KEY(call_id) REFERENCES core_message_call (id)
);

CREATE INDEX ix_core_delivery_call_id ON core_delivery (call_id);

CREATE INDEX ix_core_delivery_person_id_sent_at ON core_delivery (person_id, sent_at);

CREATE INDEX ix_core_delivery_state_due_at ON core_delivery (state, due_at);

CREATE TABLE core_grant (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	person_id BIGINT NOT NULL,
	permission VARCHAR(64) NOT NULL,
	object_key VARCHAR(64),
	can_pass_on BOOLEAN NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE,
	granted_at TIMESTAMP WITH TIME ZONE NOT NULL,
	granted_by_administrator_id BIGINT,
	granted_by_person_id BIGINT,
	parent_grant_id BIGINT,
	revoked_at TIMESTAMP WITH TIME ZONE,
	revoked_by VARCHAR(128) NOT NULL,
	mac VARCHAR(64) NOT NULL,
	CONSTRAINT pk_core_grant PRIMARY KEY (id),
	CONSTRAINT uq_core_grant_public_id UNIQUE (public_id),
	CONSTRAINT fk_core_grant_person_id FOREIGN KEY(person_id) REFERENCES core_person (id),
	CONSTRAINT fk_core_grant_granted_by_administrator_id FOREIGN KEY(granted_by_administrator_id) REFERENCES core_administrator (id),
	CONSTRAINT fk_core_grant_granted_by_person_id FOREIGN KEY(granted_by_person_id) REFERENCES core_person (id),
	CONSTRAINT fk_core_grant_parent_grant_id FOREIGN KEY(parent_grant_id) REFERENCES core_grant (id)
);

CREATE INDEX ix_core_grant_granted_by_person_id ON core_grant (granted_by_person_id);

CREATE INDEX ix_core_grant_parent_grant_id ON core_grant (parent_grant_id);

CREATE INDEX ix_core_grant_permission ON core_grant (permission);

CREATE INDEX ix_core_grant_person_id ON core_grant (person_id);

CREATE TABLE core_login_session (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	token_hash VARCHAR(64) NOT NULL,
	person_id BIGINT,
	administrator_id BIGINT,
	method VARCHAR(16) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ended_at TIMESTAMP WITH TIME ZONE,
	end_reason VARCHAR(32) NOT NULL,
	ip VARCHAR(64) NOT NULL,
	user_agent VARCHAR(255) NOT NULL,
	mac VARCHAR(64) NOT NULL,
	CONSTRAINT pk_core_login_session PRIMARY KEY (id),
	CONSTRAINT uq_core_login_session_public_id UNIQUE (public_id),
	CONSTRAINT uq_core_login_session_token_hash UNIQUE (token_hash),
	CONSTRAINT fk_core_login_session_person_id FOREIGN KEY(person_id) REFERENCES core_person (id),
	CONSTRAINT fk_core_login_session_administrator_id FOREIGN KEY(administrator_id) REFERENCES core_administrator (id)
);

CREATE INDEX ix_core_login_session_administrator_id ON core_login_session (administrator_id);

CREATE INDEX ix_core_login_session_person_id ON core_login_session (person_id);

CREATE TABLE core_grant_department (
	grant_id BIGINT NOT NULL,
	department_id BIGINT NOT NULL,
	CONSTRAINT pk_core_grant_department PRIMARY KEY (grant_id, department_id),
	CONSTRAINT fk_core_grant_department_grant_id FOREIGN KEY(grant_id) REFERENCES core_grant (id) ON DELETE CASCADE,
	CONSTRAINT fk_core_grant_department_department_id FOREIGN KEY(department_id) REFERENCES core_department (id)
);
