-- The tables of documents on PostgreSQL, written from the models by `make schemas`. Do not edit.

CREATE TABLE documents_outside_source (
	name VARCHAR(32) NOT NULL,
	known_at TIMESTAMP WITH TIME ZONE,
	failed_at TIMESTAMP WITH TIME ZONE,
	failure VARCHAR(255) NOT NULL,
	open_until TIMESTAMP WITH TIME ZONE,
	marks JSONB NOT NULL,
	CONSTRAINT pk_documents_outside_source PRIMARY KEY (name)
);

CREATE TABLE documents_process (
	id BIGSERIAL NOT NULL,
	key VARCHAR(64) NOT NULL,
	title VARCHAR(64) NOT NULL,
	title_en VARCHAR(128) NOT NULL,
	category VARCHAR(32) NOT NULL,
	icon VARCHAR(32) NOT NULL,
	sort_order INTEGER NOT NULL,
	is_active BOOLEAN NOT NULL,
	CONSTRAINT pk_documents_process PRIMARY KEY (id),
	CONSTRAINT uq_documents_process_key UNIQUE (key)
);

CREATE TABLE documents_working_day (
	day DATE NOT NULL,
	is_working BOOLEAN NOT NULL,
	note VARCHAR(64) NOT NULL,
	CONSTRAINT pk_documents_working_day PRIMARY KEY (day)
);

CREATE TABLE documents_baseline (
	id BIGSERIAL NOT NULL,
	month VARCHAR(7) NOT NULL,
	process_key VARCHAR(64) NOT NULL,
	department_id BIGINT,
	documents INTEGER,
	read_share INTEGER,
	median_minutes INTEGER,
	p90_minutes INTEGER,
	median_working_minutes INTEGER,
	p90_working_minutes INTEGER,
	source VARCHAR(128) NOT NULL,
	imported_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_documents_baseline PRIMARY KEY (id),
	CONSTRAINT uq_documents_baseline_month_process_key_department_id UNIQUE (month, process_key, department_id),
	CONSTRAINT fk_documents_baseline_department_id FOREIGN KEY(department_id) REFERENCES core_department (id)
);

CREATE TABLE documents_definition (
	id BIGSERIAL NOT NULL,
	process_id BIGINT NOT NULL,
	version INTEGER NOT NULL,
	state VARCHAR(16) NOT NULL,
	source TEXT NOT NULL,
	digest VARCHAR(64) NOT NULL,
	written_by VARCHAR(64) NOT NULL,
	created_at TIMESTAMP WITH TIME ZONE NOT NULL,
	published_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_documents_definition PRIMARY KEY (id),
	CONSTRAINT uq_documents_definition_process_id_version UNIQUE (process_id, version),
	CONSTRAINT fk_documents_definition_process_id FOREIGN KEY(process_id) REFERENCES documents_process (id)
);

CREATE TABLE documents_deputy (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	principal_id BIGINT NOT NULL,
	deputy_id BIGINT NOT NULL,
	starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
	processes JSONB NOT NULL,
	told_at TIMESTAMP WITH TIME ZONE,
	revoked_at TIMESTAMP WITH TIME ZONE,
	end_told_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_documents_deputy PRIMARY KEY (id),
	CONSTRAINT uq_documents_deputy_public_id UNIQUE (public_id),
	CONSTRAINT fk_documents_deputy_principal_id FOREIGN KEY(principal_id) REFERENCES core_person (id),
	CONSTRAINT fk_documents_deputy_deputy_id FOREIGN KEY(deputy_id) REFERENCES core_person (id)
);

CREATE INDEX ix_documents_deputy_deputy_id_ends_at ON documents_deputy (deputy_id, ends_at);

CREATE INDEX ix_documents_deputy_principal_id ON documents_deputy (principal_id);

CREATE TABLE documents_item (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	source VARCHAR(32) NOT NULL,
	external_id VARCHAR(64) NOT NULL,
	process_key VARCHAR(64) NOT NULL,
	process_title VARCHAR(64) NOT NULL,
	title VARCHAR(200) NOT NULL,
	number VARCHAR(64) NOT NULL,
	starter_id BIGINT,
	starter_name VARCHAR(64) NOT NULL,
	department_id BIGINT,
	audience_id BIGINT,
	secrecy VARCHAR(16) NOT NULL,
	urgency VARCHAR(16) NOT NULL,
	status VARCHAR(16) NOT NULL,
	step VARCHAR(64) NOT NULL,
	started_at TIMESTAMP WITH TIME ZONE NOT NULL,
	changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
	ended_at TIMESTAMP WITH TIME ZONE,
	working_minutes INTEGER,
	CONSTRAINT pk_documents_item PRIMARY KEY (id),
	CONSTRAINT uq_documents_item_source_external_id UNIQUE (source, external_id),
	CONSTRAINT uq_documents_item_public_id UNIQUE (public_id),
	CONSTRAINT fk_documents_item_starter_id FOREIGN KEY(starter_id) REFERENCES core_person (id),
	CONSTRAINT fk_documents_item_department_id FOREIGN KEY(department_id) REFERENCES core_department (id),
	CONSTRAINT fk_documents_item_audience_id FOREIGN KEY(audience_id) REFERENCES core_audience (id)
);

CREATE INDEX ix_documents_item_audience_id ON documents_item (audience_id);

CREATE INDEX ix_documents_item_department_id ON documents_item (department_id);

CREATE INDEX ix_documents_item_ended_at ON documents_item (ended_at);

CREATE INDEX ix_documents_item_process_key_started_at ON documents_item (process_key, started_at);

CREATE INDEX ix_documents_item_starter_id ON documents_item (starter_id);

CREATE INDEX ix_documents_item_status_started_at ON documents_item (status, started_at);

CREATE TABLE documents_outside_act (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	source VARCHAR(32) NOT NULL,
	external_id VARCHAR(64) NOT NULL,
	person_id BIGINT NOT NULL,
	node VARCHAR(64) NOT NULL,
	visit VARCHAR(64) NOT NULL,
	act VARCHAR(16) NOT NULL,
	outcome VARCHAR(16) NOT NULL,
	answer VARCHAR(255) NOT NULL,
	remark BYTEA,
	asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
	settled_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_documents_outside_act PRIMARY KEY (id),
	CONSTRAINT uq_documents_outside_act_visit UNIQUE (source, external_id, person_id, node, visit),
	CONSTRAINT uq_documents_outside_act_public_id UNIQUE (public_id),
	CONSTRAINT fk_documents_outside_act_person_id FOREIGN KEY(person_id) REFERENCES core_person (id)
);

CREATE INDEX ix_documents_outside_act_person_id ON documents_outside_act (person_id);

CREATE TABLE documents_outside_file (
	source VARCHAR(32) NOT NULL,
	external_id VARCHAR(64) NOT NULL,
	person_id BIGINT NOT NULL,
	file_id BIGINT NOT NULL,
	fetched_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_documents_outside_file PRIMARY KEY (source, external_id, person_id),
	CONSTRAINT fk_documents_outside_file_person_id FOREIGN KEY(person_id) REFERENCES core_person (id),
	CONSTRAINT fk_documents_outside_file_file_id FOREIGN KEY(file_id) REFERENCES core_stored_file (id)
);

CREATE INDEX ix_documents_outside_file_fetched_at ON documents_outside_file (fetched_at);

CREATE INDEX ix_documents_outside_file_file_id ON documents_outside_file (file_id);

CREATE TABLE documents_outside_mark (
	source VARCHAR(32) NOT NULL,
	external_id VARCHAR(64) NOT NULL,
	person_id BIGINT NOT NULL,
	stamp BIGINT NOT NULL,
	CONSTRAINT pk_documents_outside_mark PRIMARY KEY (source, external_id, person_id),
	CONSTRAINT fk_documents_outside_mark_person_id FOREIGN KEY(person_id) REFERENCES core_person (id)
);

CREATE TABLE documents_outside_user (
	source VARCHAR(32) NOT NULL,
	person_id BIGINT NOT NULL,
	oa_user_id VARCHAR(64),
	staff_no VARCHAR(64) NOT NULL,
	found_at TIMESTAMP WITH TIME ZONE NOT NULL,
	known_at TIMESTAMP WITH TIME ZONE,
	looked_at TIMESTAMP WITH TIME ZONE,
	asked_at TIMESTAMP WITH TIME ZONE,
	counts JSONB NOT NULL,
	CONSTRAINT pk_documents_outside_user PRIMARY KEY (source, person_id),
	CONSTRAINT uq_documents_outside_user_source_oa_user_id UNIQUE (source, oa_user_id),
	CONSTRAINT fk_documents_outside_user_person_id FOREIGN KEY(person_id) REFERENCES core_person (id)
);

CREATE INDEX ix_documents_outside_user_known_at ON documents_outside_user (known_at);

CREATE TABLE documents_phrase (
	id BIGSERIAL NOT NULL,
	person_id BIGINT,
	text VARCHAR(200) NOT NULL,
	position INTEGER NOT NULL,
	CONSTRAINT pk_documents_phrase PRIMARY KEY (id),
	CONSTRAINT fk_documents_phrase_person_id FOREIGN KEY(person_id) REFERENCES core_person (id)
);

CREATE INDEX ix_documents_phrase_person_id ON documents_phrase (person_id);

CREATE TABLE documents_series (
	id BIGSERIAL NOT NULL,
	key VARCHAR(32) NOT NULL,
	title VARCHAR(64) NOT NULL,
	pattern VARCHAR(64) NOT NULL,
	department_id BIGINT,
	sort_order INTEGER NOT NULL,
	is_active BOOLEAN NOT NULL,
	CONSTRAINT pk_documents_series PRIMARY KEY (id),
	CONSTRAINT uq_documents_series_key UNIQUE (key),
	CONSTRAINT fk_documents_series_department_id FOREIGN KEY(department_id) REFERENCES core_department (id)
);

CREATE TABLE documents_settled_month (
	id BIGSERIAL NOT NULL,
	month VARCHAR(7) NOT NULL,
	process_key VARCHAR(64) NOT NULL,
	department_id BIGINT,
	figures JSONB NOT NULL,
	settled_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_documents_settled_month PRIMARY KEY (id),
	CONSTRAINT uq_documents_settled_month_month_process_key_department_id UNIQUE (month, process_key, department_id),
	CONSTRAINT fk_documents_settled_month_department_id FOREIGN KEY(department_id) REFERENCES core_department (id)
);

CREATE TABLE documents_archive (
	id BIGSERIAL NOT NULL,
	item_id BIGINT NOT NULL,
	file_id BIGINT NOT NULL,
	digest VARCHAR(64) NOT NULL,
	archived_at TIMESTAMP WITH TIME ZONE NOT NULL,
	archived_by_id BIGINT,
	retain_until TIMESTAMP WITH TIME ZONE,
	held_at TIMESTAMP WITH TIME ZONE,
	held_reason VARCHAR(200) NOT NULL,
	CONSTRAINT pk_documents_archive PRIMARY KEY (id),
	CONSTRAINT uq_documents_archive_item_id UNIQUE (item_id),
	CONSTRAINT fk_documents_archive_item_id FOREIGN KEY(item_id) REFERENCES documents_item (id),
	CONSTRAINT uq_documents_archive_file_id UNIQUE (file_id),
	CONSTRAINT fk_documents_archive_file_id FOREIGN KEY(file_id) REFERENCES core_stored_file (id),
	CONSTRAINT fk_documents_archive_archived_by_id FOREIGN KEY(archived_by_id) REFERENCES core_person (id)
);

CREATE TABLE documents_distribution (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	item_id BIGINT NOT NULL,
	department_id BIGINT,
	person_id BIGINT,
	is_heads BOOLEAN NOT NULL,
	sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
	sent_by_id BIGINT NOT NULL,
	received_at TIMESTAMP WITH TIME ZONE,
	received_by_id BIGINT,
	CONSTRAINT pk_documents_distribution PRIMARY KEY (id),
	CONSTRAINT uq_documents_distribution_item_id_department_id UNIQUE (item_id, department_id),
	CONSTRAINT uq_documents_distribution_item_id_person_id UNIQUE (item_id, person_id),
	CONSTRAINT uq_documents_distribution_public_id UNIQUE (public_id),
	CONSTRAINT fk_documents_distribution_item_id FOREIGN KEY(item_id) REFERENCES documents_item (id) ON DELETE CASCADE,
	CONSTRAINT fk_documents_distribution_department_id FOREIGN KEY(department_id) REFERENCES core_department (id),
	CONSTRAINT fk_documents_distribution_person_id FOREIGN KEY(person_id) REFERENCES core_person (id),
	CONSTRAINT fk_documents_distribution_sent_by_id FOREIGN KEY(sent_by_id) REFERENCES core_person (id),
	CONSTRAINT fk_documents_distribution_received_by_id FOREIGN KEY(received_by_id) REFERENCES core_person (id)
);

CREATE TABLE documents_entry (
	id BIGSERIAL NOT NULL,
	item_id BIGINT NOT NULL,
	person_id BIGINT NOT NULL,
	box VARCHAR(16) NOT NULL,
	state VARCHAR(16) NOT NULL,
	is_latest BOOLEAN NOT NULL,
	rank INTEGER NOT NULL,
	task VARCHAR(64) NOT NULL,
	node VARCHAR(64) NOT NULL,
	step VARCHAR(64) NOT NULL,
	sender_name VARCHAR(64) NOT NULL,
	is_batchable BOOLEAN NOT NULL,
	arrived_at TIMESTAMP WITH TIME ZONE NOT NULL,
	due_at TIMESTAMP WITH TIME ZONE,
	read_at TIMESTAMP WITH TIME ZONE,
	done_at TIMESTAMP WITH TIME ZONE,
	act VARCHAR(16) NOT NULL,
	acted_by_id BIGINT,
	working_minutes INTEGER,
	reminded INTEGER NOT NULL,
	CONSTRAINT pk_documents_entry PRIMARY KEY (id),
	CONSTRAINT uq_documents_entry_item_id_person_id_box_task UNIQUE (item_id, person_id, box, task),
	CONSTRAINT fk_documents_entry_item_id FOREIGN KEY(item_id) REFERENCES documents_item (id) ON DELETE CASCADE,
	CONSTRAINT fk_documents_entry_person_id FOREIGN KEY(person_id) REFERENCES core_person (id),
	CONSTRAINT fk_documents_entry_acted_by_id FOREIGN KEY(acted_by_id) REFERENCES core_person (id)
);

CREATE INDEX ix_documents_entry_arrived_at ON documents_entry (arrived_at);

CREATE INDEX ix_documents_entry_person_box ON documents_entry (person_id, box, state, is_latest, rank, arrived_at);

CREATE INDEX ix_documents_entry_state_due_at ON documents_entry (state, due_at);

CREATE TABLE documents_former_head (
	id BIGSERIAL NOT NULL,
	item_id BIGINT NOT NULL,
	file_id BIGINT NOT NULL,
	replaced_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_documents_former_head PRIMARY KEY (id),
	CONSTRAINT fk_documents_former_head_item_id FOREIGN KEY(item_id) REFERENCES documents_item (id) ON DELETE CASCADE,
	CONSTRAINT fk_documents_former_head_file_id FOREIGN KEY(file_id) REFERENCES core_stored_file (id)
);

CREATE INDEX ix_documents_former_head_item_id ON documents_former_head (item_id);

CREATE TABLE documents_instance (
	id BIGINT NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	definition_id BIGINT NOT NULL,
	parent_id BIGINT,
	parent_node VARCHAR(64) NOT NULL,
	sequence INTEGER NOT NULL,
	state JSONB NOT NULL,
	values BYTEA,
	CONSTRAINT pk_documents_instance PRIMARY KEY (id),
	CONSTRAINT fk_documents_instance_id FOREIGN KEY(id) REFERENCES documents_item (id) ON DELETE CASCADE,
	CONSTRAINT uq_documents_instance_public_id UNIQUE (public_id),
	CONSTRAINT fk_documents_instance_definition_id FOREIGN KEY(definition_id) REFERENCES documents_definition (id),
	CONSTRAINT fk_documents_instance_parent_id FOREIGN KEY(parent_id) REFERENCES documents_instance (id)
);

CREATE INDEX ix_documents_instance_definition_id ON documents_instance (definition_id);

CREATE INDEX ix_documents_instance_parent_id ON documents_instance (parent_id);

CREATE TABLE documents_number (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	series_id BIGINT NOT NULL,
	year INTEGER NOT NULL,
	number INTEGER NOT NULL,
	text VARCHAR(64) NOT NULL,
	folded VARCHAR(64) NOT NULL,
	state VARCHAR(16) NOT NULL,
	item_id BIGINT,
	issued_by_id BIGINT NOT NULL,
	issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
	reason VARCHAR(200) NOT NULL,
	voided_at TIMESTAMP WITH TIME ZONE,
	voided_by_id BIGINT,
	CONSTRAINT pk_documents_number PRIMARY KEY (id),
	CONSTRAINT uq_documents_number_series_id_year_number UNIQUE (series_id, year, number),
	CONSTRAINT uq_documents_number_public_id UNIQUE (public_id),
	CONSTRAINT fk_documents_number_series_id FOREIGN KEY(series_id) REFERENCES documents_series (id),
	CONSTRAINT fk_documents_number_item_id FOREIGN KEY(item_id) REFERENCES documents_item (id),
	CONSTRAINT fk_documents_number_issued_by_id FOREIGN KEY(issued_by_id) REFERENCES core_person (id),
	CONSTRAINT fk_documents_number_voided_by_id FOREIGN KEY(voided_by_id) REFERENCES core_person (id)
);

CREATE INDEX ix_documents_number_folded ON documents_number (folded);

CREATE INDEX ix_documents_number_item_id ON documents_number (item_id);

CREATE TABLE documents_official (
	id BIGINT NOT NULL,
	direction VARCHAR(16) NOT NULL,
	type VARCHAR(16) NOT NULL,
	series_id BIGINT,
	origin VARCHAR(128) NOT NULL,
	origin_number VARCHAR(64) NOT NULL,
	origin_folded VARCHAR(64) NOT NULL,
	recipients VARCHAR(200) NOT NULL,
	copies_to VARCHAR(200) NOT NULL,
	copies INTEGER NOT NULL,
	signatory VARCHAR(64) NOT NULL,
	signed_at TIMESTAMP WITH TIME ZONE,
	registered_at TIMESTAMP WITH TIME ZONE NOT NULL,
	head_asked_by VARCHAR(64) NOT NULL,
	head_due_at TIMESTAMP WITH TIME ZONE,
	head_attempts INTEGER NOT NULL,
	head_problem VARCHAR(200) NOT NULL,
	head_digest VARCHAR(64) NOT NULL,
	final_file_id BIGINT,
	digest VARCHAR(64) NOT NULL,
	locked_at TIMESTAMP WITH TIME ZONE,
	distributed_at TIMESTAMP WITH TIME ZONE,
	chased_on VARCHAR(10) NOT NULL,
	archive_asked_at TIMESTAMP WITH TIME ZONE,
	archived_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_documents_official PRIMARY KEY (id),
	CONSTRAINT fk_documents_official_id FOREIGN KEY(id) REFERENCES documents_item (id) ON DELETE CASCADE,
	CONSTRAINT fk_documents_official_series_id FOREIGN KEY(series_id) REFERENCES documents_series (id),
	CONSTRAINT fk_documents_official_final_file_id FOREIGN KEY(final_file_id) REFERENCES core_stored_file (id)
);

CREATE INDEX ix_documents_official_archive_asked_at ON documents_official (archive_asked_at);

CREATE INDEX ix_documents_official_direction_registered_at ON documents_official (direction, registered_at);

CREATE INDEX ix_documents_official_head_due_at ON documents_official (head_due_at);

CREATE INDEX ix_documents_official_origin_folded ON documents_official (origin_folded);

CREATE TABLE documents_supervision (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	item_id BIGINT NOT NULL,
	owner_id BIGINT NOT NULL,
	department_id BIGINT,
	set_by_id BIGINT NOT NULL,
	set_at TIMESTAMP WITH TIME ZONE NOT NULL,
	due_at TIMESTAMP WITH TIME ZONE NOT NULL,
	state VARCHAR(16) NOT NULL,
	reported_at TIMESTAMP WITH TIME ZONE,
	closed_at TIMESTAMP WITH TIME ZONE,
	closed_by_id BIGINT,
	duty BYTEA,
	report BYTEA,
	remark BYTEA,
	reminded_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_documents_supervision PRIMARY KEY (id),
	CONSTRAINT uq_documents_supervision_public_id UNIQUE (public_id),
	CONSTRAINT fk_documents_supervision_item_id FOREIGN KEY(item_id) REFERENCES documents_item (id) ON DELETE CASCADE,
	CONSTRAINT fk_documents_supervision_owner_id FOREIGN KEY(owner_id) REFERENCES core_person (id),
	CONSTRAINT fk_documents_supervision_department_id FOREIGN KEY(department_id) REFERENCES core_department (id),
	CONSTRAINT fk_documents_supervision_set_by_id FOREIGN KEY(set_by_id) REFERENCES core_person (id),
	CONSTRAINT fk_documents_supervision_closed_by_id FOREIGN KEY(closed_by_id) REFERENCES core_person (id)
);

CREATE INDEX ix_documents_supervision_item_id ON documents_supervision (item_id);

CREATE INDEX ix_documents_supervision_owner_id ON documents_supervision (owner_id);

CREATE INDEX ix_documents_supervision_state_due_at ON documents_supervision (state, due_at);

CREATE TABLE documents_draft (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	person_id BIGINT NOT NULL,
	process_id BIGINT,
	entry_id BIGINT,
	saved_at TIMESTAMP WITH TIME ZONE NOT NULL,
	values BYTEA,
	CONSTRAINT pk_documents_draft PRIMARY KEY (id),
	CONSTRAINT uq_documents_draft_person_id_process_id UNIQUE (person_id, process_id),
	CONSTRAINT uq_documents_draft_person_id_entry_id UNIQUE (person_id, entry_id),
	CONSTRAINT uq_documents_draft_public_id UNIQUE (public_id),
	CONSTRAINT fk_documents_draft_person_id FOREIGN KEY(person_id) REFERENCES core_person (id),
	CONSTRAINT fk_documents_draft_process_id FOREIGN KEY(process_id) REFERENCES documents_process (id),
	CONSTRAINT fk_documents_draft_entry_id FOREIGN KEY(entry_id) REFERENCES documents_entry (id) ON DELETE CASCADE
);

CREATE TABLE documents_event (
	id BIGSERIAL NOT NULL,
	public_id VARCHAR(24) NOT NULL,
	instance_id BIGINT NOT NULL,
	sequence INTEGER NOT NULL,
	at TIMESTAMP WITH TIME ZONE NOT NULL,
	act VARCHAR(16) NOT NULL,
	actor_id BIGINT,
	for_id BIGINT,
	node VARCHAR(64) NOT NULL,
	task INTEGER NOT NULL,
	opinion BYTEA,
	changes BYTEA,
	effects JSONB NOT NULL,
	CONSTRAINT pk_documents_event PRIMARY KEY (id),
	CONSTRAINT uq_documents_event_instance_id_sequence UNIQUE (instance_id, sequence),
	CONSTRAINT uq_documents_event_public_id UNIQUE (public_id),
	CONSTRAINT fk_documents_event_instance_id FOREIGN KEY(instance_id) REFERENCES documents_instance (id) ON DELETE CASCADE,
	CONSTRAINT fk_documents_event_actor_id FOREIGN KEY(actor_id) REFERENCES core_person (id),
	CONSTRAINT fk_documents_event_for_id FOREIGN KEY(for_id) REFERENCES core_person (id)
);

CREATE INDEX ix_documents_event_actor_id ON documents_event (actor_id);

CREATE INDEX ix_documents_event_at ON documents_event (at);

CREATE TABLE documents_file (
	id BIGSERIAL NOT NULL,
	instance_id BIGINT NOT NULL,
	file_id BIGINT NOT NULL,
	field VARCHAR(64) NOT NULL,
	node VARCHAR(64) NOT NULL,
	position INTEGER NOT NULL,
	added_by_id BIGINT NOT NULL,
	added_at TIMESTAMP WITH TIME ZONE NOT NULL,
	CONSTRAINT pk_documents_file PRIMARY KEY (id),
	CONSTRAINT fk_documents_file_instance_id FOREIGN KEY(instance_id) REFERENCES documents_instance (id) ON DELETE CASCADE,
	CONSTRAINT uq_documents_file_file_id UNIQUE (file_id),
	CONSTRAINT fk_documents_file_file_id FOREIGN KEY(file_id) REFERENCES core_stored_file (id),
	CONSTRAINT fk_documents_file_added_by_id FOREIGN KEY(added_by_id) REFERENCES core_person (id)
);

CREATE INDEX ix_documents_file_instance_id ON documents_file (instance_id);

CREATE TABLE documents_receipt (
	distribution_id BIGINT NOT NULL,
	person_id BIGINT NOT NULL,
	opened_at TIMESTAMP WITH TIME ZONE,
	signed_at TIMESTAMP WITH TIME ZONE,
	CONSTRAINT pk_documents_receipt PRIMARY KEY (distribution_id, person_id),
	CONSTRAINT fk_documents_receipt_distribution_id FOREIGN KEY(distribution_id) REFERENCES documents_distribution (id) ON DELETE CASCADE,
	CONSTRAINT fk_documents_receipt_person_id FOREIGN KEY(person_id) REFERENCES core_person (id)
);

CREATE TABLE documents_draft_file (
	id BIGSERIAL NOT NULL,
	draft_id BIGINT NOT NULL,
	file_id BIGINT NOT NULL,
	field VARCHAR(64) NOT NULL,
	position INTEGER NOT NULL,
	CONSTRAINT pk_documents_draft_file PRIMARY KEY (id),
	CONSTRAINT fk_documents_draft_file_draft_id FOREIGN KEY(draft_id) REFERENCES documents_draft (id) ON DELETE CASCADE,
	CONSTRAINT uq_documents_draft_file_file_id UNIQUE (file_id),
	CONSTRAINT fk_documents_draft_file_file_id FOREIGN KEY(file_id) REFERENCES core_stored_file (id)
);

CREATE INDEX ix_documents_draft_file_draft_id ON documents_draft_file (draft_id);

CREATE TABLE documents_signature (
	id BIGSERIAL NOT NULL,
	event_id BIGINT NOT NULL,
	file_id BIGINT NOT NULL,
	digest VARCHAR(64) NOT NULL,
	parts JSONB NOT NULL,
	mac VARCHAR(128) NOT NULL,
	CONSTRAINT pk_documents_signature PRIMARY KEY (id),
	CONSTRAINT uq_documents_signature_event_id UNIQUE (event_id),
	CONSTRAINT fk_documents_signature_event_id FOREIGN KEY(event_id) REFERENCES documents_event (id) ON DELETE CASCADE,
	CONSTRAINT uq_documents_signature_file_id UNIQUE (file_id),
	CONSTRAINT fk_documents_signature_file_id FOREIGN KEY(file_id) REFERENCES core_stored_file (id)
);
