
CREATE OR REPLACE FUNCTION tidework_common(p_values jsonb, p_fields jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(v.key, v.value), '{}')
    FROM jsonb_each(p_values) v WHERE p_fields ? v.key
$$;

CREATE OR REPLACE FUNCTION tidework_purge(p_stream uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM accounts WHERE stream_id = p_stream;
    DELETE FROM analytics_activity WHERE stream_id = p_stream;
    DELETE FROM analytics_days WHERE stream_id = p_stream;
    DELETE FROM analytics_steps WHERE stream_id = p_stream;
    DELETE FROM analytics_tasks WHERE stream_id = p_stream;
    DELETE FROM analytics_usage WHERE stream_id = p_stream;
    DELETE FROM api_tokens WHERE stream_id = p_stream;
    DELETE FROM bulk_parts WHERE stream_id = p_stream;
    DELETE FROM bulk_runs WHERE stream_id = p_stream;
    DELETE FROM changes WHERE stream_id = p_stream;
    DELETE FROM channel_addresses WHERE stream_id = p_stream;
    DELETE FROM comments WHERE stream_id = p_stream;
    DELETE FROM credentials WHERE stream_id = p_stream;
    DELETE FROM dead_events WHERE stream_id = p_stream;
    DELETE FROM email_confirmations WHERE stream_id = p_stream;
    DELETE FROM file_chunks WHERE stream_id = p_stream;
    DELETE FROM followups WHERE stream_id = p_stream;
    DELETE FROM import_marks WHERE stream_id = p_stream;
    DELETE FROM inbox WHERE stream_id = p_stream;
    DELETE FROM jobs WHERE stream_id = p_stream;
    DELETE FROM labels WHERE stream_id = p_stream;
    DELETE FROM members WHERE stream_id = p_stream;
    DELETE FROM notification_deliveries WHERE stream_id = p_stream;
    DELETE FROM notification_preferences WHERE stream_id = p_stream;
    DELETE FROM notifications WHERE stream_id = p_stream;
    DELETE FROM password_resets WHERE stream_id = p_stream;
    DELETE FROM projects WHERE stream_id = p_stream;
    DELETE FROM push_subscriptions WHERE stream_id = p_stream;
    DELETE FROM relations WHERE stream_id = p_stream;
    DELETE FROM reminders WHERE stream_id = p_stream;
    DELETE FROM report_schedules WHERE stream_id = p_stream;
    DELETE FROM reports WHERE stream_id = p_stream;
    DELETE FROM revocations WHERE stream_id = p_stream;
    DELETE FROM saved_filters WHERE stream_id = p_stream;
    DELETE FROM sessions WHERE stream_id = p_stream;
    DELETE FROM streams WHERE stream_id = p_stream;
    DELETE FROM tasks WHERE stream_id = p_stream;
    DELETE FROM webhook_deliveries WHERE stream_id = p_stream;
    DELETE FROM webhook_health WHERE stream_id = p_stream;
    DELETE FROM webhook_lanes WHERE stream_id = p_stream;
    DELETE FROM webhook_secrets WHERE stream_id = p_stream;
    DELETE FROM webhooks WHERE stream_id = p_stream;
    DELETE FROM workspaces WHERE stream_id = p_stream;
END
$$;

CREATE OR REPLACE FUNCTION tidework_row(p_entity text, p_stream uuid, p_id uuid) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_row jsonb;
BEGIN
    CASE p_entity
    WHEN 'task' THEN
        SELECT jsonb_build_object('number', t."number",
            'project_id', t."project_id",
            'parent_id', t."parent_id",
            'title', t."title",
            'description', t."description",
            'status', t."status",
            'priority', t."priority",
            'due_at', to_char(t."due_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'assignee_id', t."assignee_id",
            'label_ids', t."label_ids",
            'position', t."position",
            'created_by', t."created_by",
            'created_at', to_char(t."created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'completed_at', to_char(t."completed_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'recurrence', t."recurrence",
            'previous_id', t."previous_id", 'version', t.version) INTO v_row
        FROM tasks t WHERE t.stream_id = p_stream AND t.id = p_id;
    WHEN 'comment' THEN
        SELECT jsonb_build_object('task_id', t."task_id",
            'author_id', t."author_id",
            'body', t."body",
            'created_at', to_char(t."created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'version', t.version) INTO v_row
        FROM comments t WHERE t.stream_id = p_stream AND t.id = p_id;
    WHEN 'account' THEN
        SELECT jsonb_build_object('email', t."email",
            'name', t."name",
            'role', t."role",
            'is_active', t."is_active",
            'placeholder', t."placeholder",
            'personal_workspace_id', t."personal_workspace_id",
            'time_zone', t."time_zone",
            'language', t."language",
            'email_confirmed_at', to_char(t."email_confirmed_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'created_at', to_char(t."created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'version', t.version) INTO v_row
        FROM accounts t WHERE t.stream_id = p_stream AND t.id = p_id;
    WHEN 'revocation' THEN
        SELECT jsonb_build_object('reason', t."reason",
            'created_at', to_char(t."created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'version', t.version) INTO v_row
        FROM revocations t WHERE t.stream_id = p_stream AND t.id = p_id;
    WHEN 'api_token' THEN
        SELECT jsonb_build_object('name', t."name",
            'scopes', t."scopes",
            'digest', t."digest",
            'expires_at', to_char(t."expires_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'created_at', to_char(t."created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'version', t.version) INTO v_row
        FROM api_tokens t WHERE t.stream_id = p_stream AND t.id = p_id;
    WHEN 'workspace' THEN
        SELECT jsonb_build_object('name', t."name",
            'personal', t."personal",
            'created_by', t."created_by",
            'created_at', to_char(t."created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'deleted_at', to_char(t."deleted_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'version', t.version) INTO v_row
        FROM workspaces t WHERE t.stream_id = p_stream AND t.id = p_id;
    WHEN 'member' THEN
        SELECT jsonb_build_object('role', t."role",
            'created_at', to_char(t."created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'version', t.version) INTO v_row
        FROM members t WHERE t.stream_id = p_stream AND t.id = p_id;
    WHEN 'project' THEN
        SELECT jsonb_build_object('name', t."name",
            'name_key', t."name_key",
            'description', t."description",
            'color', t."color",
            'archived', t."archived",
            'created_at', to_char(t."created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'version', t.version) INTO v_row
        FROM projects t WHERE t.stream_id = p_stream AND t.id = p_id;
    WHEN 'label' THEN
        SELECT jsonb_build_object('name', t."name",
            'name_key', t."name_key",
            'color', t."color",
            'created_at', to_char(t."created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'version', t.version) INTO v_row
        FROM labels t WHERE t.stream_id = p_stream AND t.id = p_id;
    WHEN 'relation' THEN
        SELECT jsonb_build_object('kind', t."kind",
            'task_id', t."task_id",
            'other_id', t."other_id",
            'created_at', to_char(t."created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'version', t.version) INTO v_row
        FROM relations t WHERE t.stream_id = p_stream AND t.id = p_id;
    WHEN 'notification_preferences' THEN
        SELECT jsonb_build_object('wanted', t."wanted",
            'unwanted', t."unwanted",
            'quiet_start', t."quiet_start",
            'quiet_end', t."quiet_end",
            'digest_at', t."digest_at",
            'bundle_minutes', t."bundle_minutes", 'version', t.version) INTO v_row
        FROM notification_preferences t WHERE t.stream_id = p_stream AND t.id = p_id;
    WHEN 'reminder' THEN
        SELECT jsonb_build_object('workspace_id', t."workspace_id",
            'task_id', t."task_id",
            'at', to_char(t."at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'offset_minutes', t."offset_minutes",
            'created_at', to_char(t."created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'version', t.version) INTO v_row
        FROM reminders t WHERE t.stream_id = p_stream AND t.id = p_id;
    WHEN 'webhook' THEN
        SELECT jsonb_build_object('url', t."url",
            'description', t."description",
            'events', t."events",
            'is_active', t."is_active",
            'disabled_reason', t."disabled_reason",
            'rotated_at', to_char(t."rotated_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'created_by', t."created_by",
            'created_at', to_char(t."created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'version', t.version) INTO v_row
        FROM webhooks t WHERE t.stream_id = p_stream AND t.id = p_id;
    WHEN 'report_schedule' THEN
        SELECT jsonb_build_object('report', t."report",
            'rule', t."rule",
            'recipients', t."recipients",
            'created_by', t."created_by",
            'created_at', to_char(t."created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'version', t.version) INTO v_row
        FROM report_schedules t WHERE t.stream_id = p_stream AND t.id = p_id;
    WHEN 'saved_filter' THEN
        SELECT jsonb_build_object('name', t."name",
            'name_key', t."name_key",
            'workspace_id', t."workspace_id",
            'query', t."query",
            'created_at', to_char(t."created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'version', t.version) INTO v_row
        FROM saved_filters t WHERE t.stream_id = p_stream AND t.id = p_id;
    END CASE;
    RETURN v_row;
END
$$;

CREATE OR REPLACE FUNCTION tidework_apply(
    p_stream uuid, p_seq bigint, p_at timestamptz, p_entity text, p_id uuid, p_op text, c jsonb
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CASE p_entity
    WHEN 'task' THEN
        IF p_op = 'create' THEN
            INSERT INTO tasks (stream_id, id, "number", "project_id", "parent_id", "title", "description", "status", "priority", "due_at", "assignee_id", "label_ids", "position", "created_by", "created_at", "completed_at", "recurrence", "previous_id", "updated_at", version)
            VALUES (p_stream, p_id, (c->>'number')::BIGINT, (c->>'project_id')::UUID, (c->>'parent_id')::UUID, (c->>'title')::TEXT, (c->>'description')::TEXT, (c->>'status')::TEXT, (c->>'priority')::TEXT, (c->>'due_at')::TIMESTAMP WITH TIME ZONE, (c->>'assignee_id')::UUID, (c->'label_ids'), (c->>'position')::TEXT, (c->>'created_by')::UUID, (c->>'created_at')::TIMESTAMP WITH TIME ZONE, (c->>'completed_at')::TIMESTAMP WITH TIME ZONE, nullif((c->'recurrence'), 'null'), (c->>'previous_id')::UUID, p_at, p_seq);
        ELSIF p_op = 'update' AND NOT c ?| '{title,description}' THEN
            UPDATE tasks t SET
                "number" = CASE WHEN c ? 'number' THEN (c->>'number')::BIGINT ELSE t."number" END,
                "project_id" = CASE WHEN c ? 'project_id' THEN (c->>'project_id')::UUID ELSE t."project_id" END,
                "parent_id" = CASE WHEN c ? 'parent_id' THEN (c->>'parent_id')::UUID ELSE t."parent_id" END,
                "status" = CASE WHEN c ? 'status' THEN (c->>'status')::TEXT ELSE t."status" END,
                "priority" = CASE WHEN c ? 'priority' THEN (c->>'priority')::TEXT ELSE t."priority" END,
                "due_at" = CASE WHEN c ? 'due_at' THEN (c->>'due_at')::TIMESTAMP WITH TIME ZONE ELSE t."due_at" END,
                "assignee_id" = CASE WHEN c ? 'assignee_id' THEN (c->>'assignee_id')::UUID ELSE t."assignee_id" END,
                "label_ids" = CASE WHEN c ? 'label_ids' THEN (c->'label_ids') ELSE t."label_ids" END,
                "position" = CASE WHEN c ? 'position' THEN (c->>'position')::TEXT ELSE t."position" END,
                "created_by" = CASE WHEN c ? 'created_by' THEN (c->>'created_by')::UUID ELSE t."created_by" END,
                "created_at" = CASE WHEN c ? 'created_at' THEN (c->>'created_at')::TIMESTAMP WITH TIME ZONE ELSE t."created_at" END,
                "completed_at" = CASE WHEN c ? 'completed_at' THEN (c->>'completed_at')::TIMESTAMP WITH TIME ZONE ELSE t."completed_at" END,
                "recurrence" = CASE WHEN c ? 'recurrence' THEN nullif((c->'recurrence'), 'null') ELSE t."recurrence" END,
                "previous_id" = CASE WHEN c ? 'previous_id' THEN (c->>'previous_id')::UUID ELSE t."previous_id" END,
                version = p_seq,
                updated_at = p_at
            WHERE t.stream_id = p_stream AND t.id = p_id;
        ELSIF p_op = 'update' THEN
            UPDATE tasks t SET
                "number" = CASE WHEN c ? 'number' THEN (c->>'number')::BIGINT ELSE t."number" END,
                "project_id" = CASE WHEN c ? 'project_id' THEN (c->>'project_id')::UUID ELSE t."project_id" END,
                "parent_id" = CASE WHEN c ? 'parent_id' THEN (c->>'parent_id')::UUID ELSE t."parent_id" END,
                "title" = CASE WHEN c ? 'title' THEN (c->>'title')::TEXT ELSE t."title" END,
                "description" = CASE WHEN c ? 'description' THEN (c->>'description')::TEXT ELSE t."description" END,
                "status" = CASE WHEN c ? 'status' THEN (c->>'status')::TEXT ELSE t."status" END,
                "priority" = CASE WHEN c ? 'priority' THEN (c->>'priority')::TEXT ELSE t."priority" END,
                "due_at" = CASE WHEN c ? 'due_at' THEN (c->>'due_at')::TIMESTAMP WITH TIME ZONE ELSE t."due_at" END,
                "assignee_id" = CASE WHEN c ? 'assignee_id' THEN (c->>'assignee_id')::UUID ELSE t."assignee_id" END,
                "label_ids" = CASE WHEN c ? 'label_ids' THEN (c->'label_ids') ELSE t."label_ids" END,
                "position" = CASE WHEN c ? 'position' THEN (c->>'position')::TEXT ELSE t."position" END,
                "created_by" = CASE WHEN c ? 'created_by' THEN (c->>'created_by')::UUID ELSE t."created_by" END,
                "created_at" = CASE WHEN c ? 'created_at' THEN (c->>'created_at')::TIMESTAMP WITH TIME ZONE ELSE t."created_at" END,
                "completed_at" = CASE WHEN c ? 'completed_at' THEN (c->>'completed_at')::TIMESTAMP WITH TIME ZONE ELSE t."completed_at" END,
                "recurrence" = CASE WHEN c ? 'recurrence' THEN nullif((c->'recurrence'), 'null') ELSE t."recurrence" END,
                "previous_id" = CASE WHEN c ? 'previous_id' THEN (c->>'previous_id')::UUID ELSE t."previous_id" END,
                version = p_seq,
                updated_at = p_at
            WHERE t.stream_id = p_stream AND t.id = p_id;
        ELSE
            DELETE FROM tasks t WHERE t.stream_id = p_stream AND t.id = p_id;
        END IF;
    WHEN 'comment' THEN
        IF p_op = 'create' THEN
            INSERT INTO comments (stream_id, id, "task_id", "author_id", "body", "created_at", "updated_at", version)
            VALUES (p_stream, p_id, (c->>'task_id')::UUID, (c->>'author_id')::UUID, (c->>'body')::TEXT, (c->>'created_at')::TIMESTAMP WITH TIME ZONE, p_at, p_seq);
        ELSIF p_op = 'update' THEN
            UPDATE comments t SET
                "task_id" = CASE WHEN c ? 'task_id' THEN (c->>'task_id')::UUID ELSE t."task_id" END,
                "author_id" = CASE WHEN c ? 'author_id' THEN (c->>'author_id')::UUID ELSE t."author_id" END,
                "body" = CASE WHEN c ? 'body' THEN (c->>'body')::TEXT ELSE t."body" END,
                "created_at" = CASE WHEN c ? 'created_at' THEN (c->>'created_at')::TIMESTAMP WITH TIME ZONE ELSE t."created_at" END,
                version = p_seq,
                updated_at = p_at
            WHERE t.stream_id = p_stream AND t.id = p_id;
        ELSE
            DELETE FROM comments t WHERE t.stream_id = p_stream AND t.id = p_id;
        END IF;
    WHEN 'account' THEN
        IF p_op = 'create' THEN
            INSERT INTO accounts (stream_id, id, "email", "name", "role", "is_active", "placeholder", "personal_workspace_id", "time_zone", "language", "email_confirmed_at", "created_at", "updated_at", version)
            VALUES (p_stream, p_id, (c->>'email')::TEXT, (c->>'name')::TEXT, (c->>'role')::TEXT, (c->>'is_active')::boolean, (c->>'placeholder')::boolean, (c->>'personal_workspace_id')::UUID, (c->>'time_zone')::TEXT, (c->>'language')::TEXT, (c->>'email_confirmed_at')::TIMESTAMP WITH TIME ZONE, (c->>'created_at')::TIMESTAMP WITH TIME ZONE, p_at, p_seq);
        ELSIF p_op = 'update' THEN
            UPDATE accounts t SET
                "email" = CASE WHEN c ? 'email' THEN (c->>'email')::TEXT ELSE t."email" END,
                "name" = CASE WHEN c ? 'name' THEN (c->>'name')::TEXT ELSE t."name" END,
                "role" = CASE WHEN c ? 'role' THEN (c->>'role')::TEXT ELSE t."role" END,
                "is_active" = CASE WHEN c ? 'is_active' THEN (c->>'is_active')::boolean ELSE t."is_active" END,
                "placeholder" = CASE WHEN c ? 'placeholder' THEN (c->>'placeholder')::boolean ELSE t."placeholder" END,
                "personal_workspace_id" = CASE WHEN c ? 'personal_workspace_id' THEN (c->>'personal_workspace_id')::UUID ELSE t."personal_workspace_id" END,
                "time_zone" = CASE WHEN c ? 'time_zone' THEN (c->>'time_zone')::TEXT ELSE t."time_zone" END,
                "language" = CASE WHEN c ? 'language' THEN (c->>'language')::TEXT ELSE t."language" END,
                "email_confirmed_at" = CASE WHEN c ? 'email_confirmed_at' THEN (c->>'email_confirmed_at')::TIMESTAMP WITH TIME ZONE ELSE t."email_confirmed_at" END,
                "created_at" = CASE WHEN c ? 'created_at' THEN (c->>'created_at')::TIMESTAMP WITH TIME ZONE ELSE t."created_at" END,
                version = p_seq,
                updated_at = p_at
            WHERE t.stream_id = p_stream AND t.id = p_id;
        ELSE
            DELETE FROM accounts t WHERE t.stream_id = p_stream AND t.id = p_id;
        END IF;
    WHEN 'revocation' THEN
        IF p_op = 'create' THEN
            INSERT INTO revocations (stream_id, id, "reason", "created_at", version)
            VALUES (p_stream, p_id, (c->>'reason')::TEXT, (c->>'created_at')::TIMESTAMP WITH TIME ZONE, p_seq);
        ELSIF p_op = 'update' THEN
            UPDATE revocations t SET
                "reason" = CASE WHEN c ? 'reason' THEN (c->>'reason')::TEXT ELSE t."reason" END,
                "created_at" = CASE WHEN c ? 'created_at' THEN (c->>'created_at')::TIMESTAMP WITH TIME ZONE ELSE t."created_at" END,
                version = p_seq
            WHERE t.stream_id = p_stream AND t.id = p_id;
        ELSE
            DELETE FROM revocations t WHERE t.stream_id = p_stream AND t.id = p_id;
        END IF;
    WHEN 'api_token' THEN
        IF p_op = 'create' THEN
            INSERT INTO api_tokens (stream_id, id, "name", "scopes", "digest", "expires_at", "created_at", version)
            VALUES (p_stream, p_id, (c->>'name')::TEXT, (c->'scopes'), (c->>'digest')::TEXT, (c->>'expires_at')::TIMESTAMP WITH TIME ZONE, (c->>'created_at')::TIMESTAMP WITH TIME ZONE, p_seq);
        ELSIF p_op = 'update' THEN
            UPDATE api_tokens t SET
                "name" = CASE WHEN c ? 'name' THEN (c->>'name')::TEXT ELSE t."name" END,
                "scopes" = CASE WHEN c ? 'scopes' THEN (c->'scopes') ELSE t."scopes" END,
                "digest" = CASE WHEN c ? 'digest' THEN (c->>'digest')::TEXT ELSE t."digest" END,
                "expires_at" = CASE WHEN c ? 'expires_at' THEN (c->>'expires_at')::TIMESTAMP WITH TIME ZONE ELSE t."expires_at" END,
                "created_at" = CASE WHEN c ? 'created_at' THEN (c->>'created_at')::TIMESTAMP WITH TIME ZONE ELSE t."created_at" END,
                version = p_seq
            WHERE t.stream_id = p_stream AND t.id = p_id;
        ELSE
            DELETE FROM api_tokens t WHERE t.stream_id = p_stream AND t.id = p_id;
        END IF;
    WHEN 'workspace' THEN
        IF p_op = 'create' THEN
            INSERT INTO workspaces (stream_id, id, "name", "personal", "created_by", "created_at", "deleted_at", "updated_at", version)
            VALUES (p_stream, p_id, (c->>'name')::TEXT, (c->>'personal')::boolean, (c->>'created_by')::UUID, (c->>'created_at')::TIMESTAMP WITH TIME ZONE, (c->>'deleted_at')::TIMESTAMP WITH TIME ZONE, p_at, p_seq);
        ELSIF p_op = 'update' THEN
            UPDATE workspaces t SET
                "name" = CASE WHEN c ? 'name' THEN (c->>'name')::TEXT ELSE t."name" END,
                "personal" = CASE WHEN c ? 'personal' THEN (c->>'personal')::boolean ELSE t."personal" END,
                "created_by" = CASE WHEN c ? 'created_by' THEN (c->>'created_by')::UUID ELSE t."created_by" END,
                "created_at" = CASE WHEN c ? 'created_at' THEN (c->>'created_at')::TIMESTAMP WITH TIME ZONE ELSE t."created_at" END,
                "deleted_at" = CASE WHEN c ? 'deleted_at' THEN (c->>'deleted_at')::TIMESTAMP WITH TIME ZONE ELSE t."deleted_at" END,
                version = p_seq,
                updated_at = p_at
            WHERE t.stream_id = p_stream AND t.id = p_id;
        ELSE
            DELETE FROM workspaces t WHERE t.stream_id = p_stream AND t.id = p_id;
        END IF;
    WHEN 'member' THEN
        IF p_op = 'create' THEN
            INSERT INTO members (stream_id, id, "role", "created_at", "updated_at", version)
            VALUES (p_stream, p_id, (c->>'role')::TEXT, (c->>'created_at')::TIMESTAMP WITH TIME ZONE, p_at, p_seq);
        ELSIF p_op = 'update' THEN
            UPDATE members t SET
                "role" = CASE WHEN c ? 'role' THEN (c->>'role')::TEXT ELSE t."role" END,
                "created_at" = CASE WHEN c ? 'created_at' THEN (c->>'created_at')::TIMESTAMP WITH TIME ZONE ELSE t."created_at" END,
                version = p_seq,
                updated_at = p_at
            WHERE t.stream_id = p_stream AND t.id = p_id;
        ELSE
            DELETE FROM members t WHERE t.stream_id = p_stream AND t.id = p_id;
        END IF;
    WHEN 'project' THEN
        IF p_op = 'create' THEN
            INSERT INTO projects (stream_id, id, "name", "name_key", "description", "color", "archived", "created_at", "updated_at", version)
            VALUES (p_stream, p_id, (c->>'name')::TEXT, (c->>'name_key')::TEXT, (c->>'description')::TEXT, (c->>'color')::TEXT, (c->>'archived')::boolean, (c->>'created_at')::TIMESTAMP WITH TIME ZONE, p_at, p_seq);
        ELSIF p_op = 'update' THEN
            UPDATE projects t SET
                "name" = CASE WHEN c ? 'name' THEN (c->>'name')::TEXT ELSE t."name" END,
                "name_key" = CASE WHEN c ? 'name_key' THEN (c->>'name_key')::TEXT ELSE t."name_key" END,
                "description" = CASE WHEN c ? 'description' THEN (c->>'description')::TEXT ELSE t."description" END,
                "color" = CASE WHEN c ? 'color' THEN (c->>'color')::TEXT ELSE t."color" END,
                "archived" = CASE WHEN c ? 'archived' THEN (c->>'archived')::boolean ELSE t."archived" END,
                "created_at" = CASE WHEN c ? 'created_at' THEN (c->>'created_at')::TIMESTAMP WITH TIME ZONE ELSE t."created_at" END,
                version = p_seq,
                updated_at = p_at
            WHERE t.stream_id = p_stream AND t.id = p_id;
        ELSE
            DELETE FROM projects t WHERE t.stream_id = p_stream AND t.id = p_id;
        END IF;
    WHEN 'label' THEN
        IF p_op = 'create' THEN
            INSERT INTO labels (stream_id, id, "name", "name_key", "color", "created_at", "updated_at", version)
            VALUES (p_stream, p_id, (c->>'name')::TEXT, (c->>'name_key')::TEXT, (c->>'color')::TEXT, (c->>'created_at')::TIMESTAMP WITH TIME ZONE, p_at, p_seq);
        ELSIF p_op = 'update' THEN
            UPDATE labels t SET
                "name" = CASE WHEN c ? 'name' THEN (c->>'name')::TEXT ELSE t."name" END,
                "name_key" = CASE WHEN c ? 'name_key' THEN (c->>'name_key')::TEXT ELSE t."name_key" END,
                "color" = CASE WHEN c ? 'color' THEN (c->>'color')::TEXT ELSE t."color" END,
                "created_at" = CASE WHEN c ? 'created_at' THEN (c->>'created_at')::TIMESTAMP WITH TIME ZONE ELSE t."created_at" END,
                version = p_seq,
                updated_at = p_at
            WHERE t.stream_id = p_stream AND t.id = p_id;
        ELSE
            DELETE FROM labels t WHERE t.stream_id = p_stream AND t.id = p_id;
        END IF;
    WHEN 'relation' THEN
        IF p_op = 'create' THEN
            INSERT INTO relations (stream_id, id, "kind", "task_id", "other_id", "created_at", version)
            VALUES (p_stream, p_id, (c->>'kind')::TEXT, (c->>'task_id')::UUID, (c->>'other_id')::UUID, (c->>'created_at')::TIMESTAMP WITH TIME ZONE, p_seq);
        ELSIF p_op = 'update' THEN
            UPDATE relations t SET
                "kind" = CASE WHEN c ? 'kind' THEN (c->>'kind')::TEXT ELSE t."kind" END,
                "task_id" = CASE WHEN c ? 'task_id' THEN (c->>'task_id')::UUID ELSE t."task_id" END,
                "other_id" = CASE WHEN c ? 'other_id' THEN (c->>'other_id')::UUID ELSE t."other_id" END,
                "created_at" = CASE WHEN c ? 'created_at' THEN (c->>'created_at')::TIMESTAMP WITH TIME ZONE ELSE t."created_at" END,
                version = p_seq
            WHERE t.stream_id = p_stream AND t.id = p_id;
        ELSE
            DELETE FROM relations t WHERE t.stream_id = p_stream AND t.id = p_id;
        END IF;
    WHEN 'notification_preferences' THEN
        IF p_op = 'create' THEN
            INSERT INTO notification_preferences (stream_id, id, "wanted", "unwanted", "quiet_start", "quiet_end", "digest_at", "bundle_minutes", "updated_at", version)
            VALUES (p_stream, p_id, (c->'wanted'), (c->'unwanted'), (c->>'quiet_start')::TEXT, (c->>'quiet_end')::TEXT, (c->>'digest_at')::TEXT, (c->>'bundle_minutes')::INTEGER, p_at, p_seq);
        ELSIF p_op = 'update' THEN
            UPDATE notification_preferences t SET
                "wanted" = CASE WHEN c ? 'wanted' THEN (c->'wanted') ELSE t."wanted" END,
                "unwanted" = CASE WHEN c ? 'unwanted' THEN (c->'unwanted') ELSE t."unwanted" END,
                "quiet_start" = CASE WHEN c ? 'quiet_start' THEN (c->>'quiet_start')::TEXT ELSE t."quiet_start" END,
                "quiet_end" = CASE WHEN c ? 'quiet_end' THEN (c->>'quiet_end')::TEXT ELSE t."quiet_end" END,
                "digest_at" = CASE WHEN c ? 'digest_at' THEN (c->>'digest_at')::TEXT ELSE t."digest_at" END,
                "bundle_minutes" = CASE WHEN c ? 'bundle_minutes' THEN (c->>'bundle_minutes')::INTEGER ELSE t."bundle_minutes" END,
                version = p_seq,
                updated_at = p_at
            WHERE t.stream_id = p_stream AND t.id = p_id;
        ELSE
            DELETE FROM notification_preferences t WHERE t.stream_id = p_stream AND t.id = p_id;
        END IF;
    WHEN 'reminder' THEN
        IF p_op = 'create' THEN
            INSERT INTO reminders (stream_id, id, "workspace_id", "task_id", "at", "offset_minutes", "created_at", version)
            VALUES (p_stream, p_id, (c->>'workspace_id')::UUID, (c->>'task_id')::UUID, (c->>'at')::TIMESTAMP WITH TIME ZONE, (c->>'offset_minutes')::INTEGER, (c->>'created_at')::TIMESTAMP WITH TIME ZONE, p_seq);
        ELSIF p_op = 'update' THEN
            UPDATE reminders t SET
                "workspace_id" = CASE WHEN c ? 'workspace_id' THEN (c->>'workspace_id')::UUID ELSE t."workspace_id" END,
                "task_id" = CASE WHEN c ? 'task_id' THEN (c->>'task_id')::UUID ELSE t."task_id" END,
                "at" = CASE WHEN c ? 'at' THEN (c->>'at')::TIMESTAMP WITH TIME ZONE ELSE t."at" END,
                "offset_minutes" = CASE WHEN c ? 'offset_minutes' THEN (c->>'offset_minutes')::INTEGER ELSE t."offset_minutes" END,
                "created_at" = CASE WHEN c ? 'created_at' THEN (c->>'created_at')::TIMESTAMP WITH TIME ZONE ELSE t."created_at" END,
                version = p_seq
            WHERE t.stream_id = p_stream AND t.id = p_id;
        ELSE
            DELETE FROM reminders t WHERE t.stream_id = p_stream AND t.id = p_id;
        END IF;
    WHEN 'webhook' THEN
        IF p_op = 'create' THEN
            INSERT INTO webhooks (stream_id, id, "url", "description", "events", "is_active", "disabled_reason", "rotated_at", "created_by", "created_at", "updated_at", version)
            VALUES (p_stream, p_id, (c->>'url')::TEXT, (c->>'description')::TEXT, (c->'events'), (c->>'is_active')::boolean, (c->>'disabled_reason')::TEXT, (c->>'rotated_at')::TIMESTAMP WITH TIME ZONE, (c->>'created_by')::UUID, (c->>'created_at')::TIMESTAMP WITH TIME ZONE, p_at, p_seq);
        ELSIF p_op = 'update' THEN
            UPDATE webhooks t SET
                "url" = CASE WHEN c ? 'url' THEN (c->>'url')::TEXT ELSE t."url" END,
                "description" = CASE WHEN c ? 'description' THEN (c->>'description')::TEXT ELSE t."description" END,
                "events" = CASE WHEN c ? 'events' THEN (c->'events') ELSE t."events" END,
                "is_active" = CASE WHEN c ? 'is_active' THEN (c->>'is_active')::boolean ELSE t."is_active" END,
                "disabled_reason" = CASE WHEN c ? 'disabled_reason' THEN (c->>'disabled_reason')::TEXT ELSE t."disabled_reason" END,
                "rotated_at" = CASE WHEN c ? 'rotated_at' THEN (c->>'rotated_at')::TIMESTAMP WITH TIME ZONE ELSE t."rotated_at" END,
                "created_by" = CASE WHEN c ? 'created_by' THEN (c->>'created_by')::UUID ELSE t."created_by" END,
                "created_at" = CASE WHEN c ? 'created_at' THEN (c->>'created_at')::TIMESTAMP WITH TIME ZONE ELSE t."created_at" END,
                version = p_seq,
                updated_at = p_at
            WHERE t.stream_id = p_stream AND t.id = p_id;
        ELSE
            DELETE FROM webhooks t WHERE t.stream_id = p_stream AND t.id = p_id;
        END IF;
    WHEN 'report_schedule' THEN
        IF p_op = 'create' THEN
            INSERT INTO report_schedules (stream_id, id, "report", "rule", "recipients", "created_by", "created_at", "updated_at", version)
            VALUES (p_stream, p_id, (c->'report'), (c->'rule'), (c->'recipients'), (c->>'created_by')::UUID, (c->>'created_at')::TIMESTAMP WITH TIME ZONE, p_at, p_seq);
        ELSIF p_op = 'update' THEN
            UPDATE report_schedules t SET
                "report" = CASE WHEN c ? 'report' THEN (c->'report') ELSE t."report" END,
                "rule" = CASE WHEN c ? 'rule' THEN (c->'rule') ELSE t."rule" END,
                "recipients" = CASE WHEN c ? 'recipients' THEN (c->'recipients') ELSE t."recipients" END,
                "created_by" = CASE WHEN c ? 'created_by' THEN (c->>'created_by')::UUID ELSE t."created_by" END,
                "created_at" = CASE WHEN c ? 'created_at' THEN (c->>'created_at')::TIMESTAMP WITH TIME ZONE ELSE t."created_at" END,
                version = p_seq,
                updated_at = p_at
            WHERE t.stream_id = p_stream AND t.id = p_id;
        ELSE
            DELETE FROM report_schedules t WHERE t.stream_id = p_stream AND t.id = p_id;
        END IF;
    WHEN 'saved_filter' THEN
        IF p_op = 'create' THEN
            INSERT INTO saved_filters (stream_id, id, "name", "name_key", "workspace_id", "query", "created_at", "updated_at", version)
            VALUES (p_stream, p_id, (c->>'name')::TEXT, (c->>'name_key')::TEXT, (c->>'workspace_id')::UUID, (c->>'query')::TEXT, (c->>'created_at')::TIMESTAMP WITH TIME ZONE, p_at, p_seq);
        ELSIF p_op = 'update' THEN
            UPDATE saved_filters t SET
                "name" = CASE WHEN c ? 'name' THEN (c->>'name')::TEXT ELSE t."name" END,
                "name_key" = CASE WHEN c ? 'name_key' THEN (c->>'name_key')::TEXT ELSE t."name_key" END,
                "workspace_id" = CASE WHEN c ? 'workspace_id' THEN (c->>'workspace_id')::UUID ELSE t."workspace_id" END,
                "query" = CASE WHEN c ? 'query' THEN (c->>'query')::TEXT ELSE t."query" END,
                "created_at" = CASE WHEN c ? 'created_at' THEN (c->>'created_at')::TIMESTAMP WITH TIME ZONE ELSE t."created_at" END,
                version = p_seq,
                updated_at = p_at
            WHERE t.stream_id = p_stream AND t.id = p_id;
        ELSE
            DELETE FROM saved_filters t WHERE t.stream_id = p_stream AND t.id = p_id;
        END IF;
    END CASE;
END
$$;

CREATE OR REPLACE FUNCTION tidework_operate(p_operations jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    o jsonb; v_names text; v_key text; v_rows bigint; v_table text; v_conflict text;
BEGIN
    FOR o IN SELECT * FROM jsonb_array_elements(p_operations) LOOP
        v_table := o->>'table';
        IF o->>'op' IN ('purge', 'redact') THEN
            -- Whoever is writing to the stream has read what is to go.
            PERFORM 1 FROM streams s WHERE s.stream_id = (o->'key'->>'stream_id')::uuid FOR UPDATE;
        END IF;
        IF o->>'op' = 'purge' THEN
            PERFORM tidework_purge((o->'key'->>'stream_id')::uuid);
            CONTINUE;
        ELSIF o->>'op' = 'expire' THEN
            EXECUTE format('DELETE FROM %1$I t WHERE t.expires_at < $1', v_table)
                USING (o->'set'->>'expires_at')::timestamptz;
            CONTINUE;
        ELSIF o->>'op' = 'relayed' THEN
            UPDATE streams s SET relayed = (o->'set'->>'relayed')::bigint,
                pending = s.seq > (o->'set'->>'relayed')::bigint
            WHERE s.stream_id = (o->'key'->>'stream_id')::uuid;
            CONTINUE;
        ELSIF o->>'op' = 'redact' THEN
            UPDATE changes c SET
                "set" = c."set" || tidework_common(o->'set', c."set"),
                was = c.was || tidework_common(o->'set', c.was)
            WHERE c.stream_id = (o->'key'->>'stream_id')::uuid
                AND c.entity_id = (o->'key'->>'id')::uuid;
            o := o || '{"op": "update"}';
        END IF;
        IF o->>'op' IN ('insert', 'upsert', 'keep') THEN
            v_conflict := '';
            IF o->>'op' = 'keep' THEN
                v_conflict := format(' ON CONFLICT ON CONSTRAINT %I DO NOTHING', v_table || '_pkey');
            ELSIF o->>'op' = 'upsert' THEN
                SELECT string_agg(format('%1$I = excluded.%1$I', name), ', ') INTO v_names
                FROM jsonb_object_keys(o->'set') AS name;
                v_conflict := format(' ON CONFLICT ON CONSTRAINT %I DO ', v_table || '_pkey')
                    || coalesce('UPDATE SET ' || v_names, 'NOTHING');
            END IF;
            EXECUTE format('INSERT INTO %1$I SELECT (jsonb_populate_record(null::%1$I, $1)).*',
                v_table) || v_conflict USING (o->'key') || (o->'set');
            CONTINUE;
        END IF;
        SELECT string_agg(format('t.%1$I = k.%1$I', name), ' AND ') INTO v_key
        FROM jsonb_object_keys(o->'key') AS name;
        IF o->>'op' = 'update' THEN
            SELECT string_agg(format('%1$I = s.%1$I', name), ', ') INTO v_names
            FROM jsonb_object_keys(o->'set') AS name;
            EXECUTE format('UPDATE %1$I t SET %2$s FROM'
                ' jsonb_populate_record(null::%1$I, $1) s,'
                ' jsonb_populate_record(null::%1$I, $2) k WHERE %3$s', v_table, v_names, v_key)
                USING o->'set', o->'key';
        ELSE
            EXECUTE format('DELETE FROM %1$I t USING jsonb_populate_record(null::%1$I, $1) k'
                ' WHERE %2$s', v_table, v_key) USING o->'key';
        END IF;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        IF o->>'rows' IS NOT NULL AND (o->>'rows')::bigint <> v_rows THEN
            RAISE EXCEPTION USING ERRCODE = 'TW001', MESSAGE = 'contended';
        END IF;
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION tidework_refused(
    p_stream uuid, p_seq bigint, p_base bigint, p_expects jsonb, p_key jsonb
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    e jsonb; v_row jsonb; v_holds boolean;
BEGIN
    -- First: a repeated command must meet its own record, not what it did the first time.
    IF p_key IS NOT NULL AND EXISTS (
        SELECT 1 FROM idempotency i WHERE i.scope = p_key->>'scope' AND i.key = p_key->>'key'
            AND i.expires_at >= now()
    ) THEN
        RETURN 'repeated';
    END IF;
    IF p_base <> p_seq - 1 THEN
        RETURN 'contended';
    END IF;
    FOR v_index IN 0 .. jsonb_array_length(p_expects) - 1 LOOP
        e := p_expects->v_index;
        v_row := tidework_row(e->>'entity', p_stream, (e->>'id')::uuid);
        IF (e->>'absent')::boolean THEN
            v_holds := v_row IS NULL;
        ELSE
            v_holds := v_row IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM jsonb_each(e->'fields') f
                WHERE NOT EXISTS (SELECT 1 FROM jsonb_array_elements(f.value) a
                                  WHERE a.value = v_row->f.key));
        END IF;
        IF NOT v_holds THEN
            RETURN 'expected ' || v_index;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION tidework_commit(
    p_stream uuid, p_commit uuid, p_creates text, p_base bigint, p_request text,
    p_expects jsonb, p_changes jsonb, p_operations jsonb, p_key jsonb,
    OUT o_seq bigint, OUT o_logged jsonb, OUT o_refused text
) LANGUAGE plpgsql AS $$
DECLARE
    v_number bigint; v_last bigint; v_row jsonb; v_was jsonb; v_set jsonb;
    c jsonb; v_op text; v_logged jsonb[] := '{}';
BEGIN
    IF p_creates IS NOT NULL THEN
        INSERT INTO streams (stream_id, kind, seq, last_number, kept_since)
        VALUES (p_stream, p_creates, 0, 0, 0);
    END IF;
    SELECT s.seq + 1, s.last_number INTO o_seq, v_last
    FROM streams s WHERE s.stream_id = p_stream FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        o_refused := 'missing';
        RETURN;
    END IF;
    IF p_key IS NOT NULL OR p_base IS NOT NULL OR p_expects <> '[]' THEN
        o_refused := tidework_refused(p_stream, o_seq, p_base, p_expects, p_key);
        IF o_refused IS NOT NULL THEN
            IF p_creates IS NOT NULL THEN
                RAISE EXCEPTION USING ERRCODE = 'TW001', MESSAGE = o_refused;
            END IF;
            o_seq := NULL;
            RETURN;
        END IF;
    END IF;
    IF p_key IS NOT NULL THEN
        INSERT INTO idempotency (scope, key, fingerprint, stream_id, seq, expires_at)
        VALUES (p_key->>'scope', p_key->>'key', p_key->>'fingerprint', p_stream, o_seq,
            (p_key->>'expires_at')::timestamptz)
        ON CONFLICT (scope, key) DO UPDATE SET fingerprint = excluded.fingerprint,
            stream_id = excluded.stream_id, seq = excluded.seq, status = NULL, headers = NULL,
            body = NULL, expires_at = excluded.expires_at
        WHERE idempotency.expires_at < now();
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'TW001', MESSAGE = 'repeated';
        END IF;
    END IF;
    v_number := v_last;
    FOR v_ordinal IN 0 .. jsonb_array_length(p_changes) - 1 LOOP
        c := p_changes->v_ordinal;
        v_op := c->>'op';
        v_set := c->'set';
        v_was := '{}';
        IF v_op <> 'create' THEN
            v_row := tidework_row(c->>'entity', p_stream, (c->>'id')::uuid) - 'version';
            IF v_row IS NULL THEN
                RAISE EXCEPTION USING ERRCODE = 'TW001', MESSAGE = 'contended';
            END IF;
            IF v_op = 'delete' THEN
                v_was := v_row;
                v_row := '{}';
            ELSE
                SELECT coalesce(jsonb_object_agg(k, v_row->k), '{}') INTO v_was
                FROM jsonb_object_keys(v_set) k;
                v_row := v_row || v_set;
                v_row := v_row - ARRAY(
                    SELECT k FROM unnest('{previous_id,recurrence}'::text[]) k WHERE v_row->k = 'null');
            END IF;
        ELSE
            IF c->>'entity' = 'task' THEN
                IF v_set->>'number' IS NULL THEN
                    v_set := v_set || jsonb_build_object('number', v_number + 1);
                END IF;
                IF v_set->>'position' IS NULL THEN
                    v_set := v_set || jsonb_build_object('position',
                        chr(96 + length(v_set->>'number')) || (v_set->>'number') || 'V');
                END IF;
                v_number := greatest(v_number, (v_set->>'number')::bigint);
            END IF;
            v_row := v_set;
        END IF;
        PERFORM tidework_apply(p_stream, o_seq, (c->>'at')::timestamptz, c->>'entity',
            (c->>'id')::uuid, v_op, v_set);
        INSERT INTO changes (stream_id, seq, ordinal, commit_id, actor_id, at, request_id, entity,
            entity_id, op, "set", was, origin)
        VALUES (p_stream, o_seq, v_ordinal, p_commit, (c->>'actor')::uuid,
            (c->>'at')::timestamptz, p_request, c->>'entity', (c->>'id')::uuid, v_op, v_set,
            v_was, c->>'origin');
        v_logged := array_append(v_logged, jsonb_build_array(v_set, v_was, v_row));
    END LOOP;
    o_logged := to_jsonb(v_logged);
    UPDATE streams s SET seq = o_seq, last_number = v_number, pending = true
    WHERE s.stream_id = p_stream;
    IF jsonb_array_length(p_operations) > 0 THEN
        PERFORM tidework_operate(p_operations);
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION tidework_expected(p_creates jsonb) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    v_refused text[];
BEGIN
    SELECT array_agg(CASE
            WHEN NOT EXISTS (SELECT 1 FROM streams s WHERE s.stream_id = (c->>0)::uuid)
                THEN 'missing'
            WHEN c->4 <> 'null' AND EXISTS (
                SELECT 1 FROM idempotency i WHERE i.scope = c->4->>'scope'
                    AND i.key = c->4->>'key' AND i.expires_at >= now()) THEN 'repeated'
            ELSE (SELECT 'expected ' || min(failed.k - 1) FROM (
                SELECT e.k, e.value AS e, CASE e.value->>'entity'
                    WHEN 'member' THEN (SELECT jsonb_build_object('role', t."role",
            'created_at', to_char(t."created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'version', t.version)
                        FROM members t
                        WHERE t.stream_id = (c->>0)::uuid AND t.id = (e.value->>'id')::uuid)
                    WHEN 'task' THEN (SELECT jsonb_build_object('number', t."number",
            'project_id', t."project_id",
            'parent_id', t."parent_id",
            'title', t."title",
            'description', t."description",
            'status', t."status",
            'priority', t."priority",
            'due_at', to_char(t."due_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'assignee_id', t."assignee_id",
            'label_ids', t."label_ids",
            'position', t."position",
            'created_by', t."created_by",
            'created_at', to_char(t."created_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'completed_at', to_char(t."completed_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'recurrence', t."recurrence",
            'previous_id', t."previous_id", 'version', t.version)
                        FROM tasks t
                        WHERE t.stream_id = (c->>0)::uuid AND t.id = (e.value->>'id')::uuid)
                    ELSE tidework_row(e.value->>'entity', (c->>0)::uuid, (e.value->>'id')::uuid)
                    END AS present
                FROM jsonb_array_elements(c->3) WITH ORDINALITY AS e(value, k)
            ) failed WHERE CASE WHEN (e->>'absent')::boolean THEN present IS NOT NULL
                ELSE present IS NULL OR EXISTS (
                    SELECT 1 FROM jsonb_each(e->'fields') f
                    WHERE NOT EXISTS (SELECT 1 FROM jsonb_array_elements(f.value) a
                                      WHERE a.value = present->f.key)) END)
        END ORDER BY n) INTO v_refused
    FROM jsonb_array_elements(p_creates) WITH ORDINALITY AS given(c, n);
    RETURN v_refused;
END
$$;

CREATE OR REPLACE FUNCTION tidework_create(p_creates jsonb, p_refused text[]) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_done jsonb; v_keys bigint; v_rows bigint;
BEGIN
    WITH commits AS MATERIALIZED (
        SELECT g.n, (g.c->>0)::uuid AS stream, (g.c->>1)::uuid AS id, g.c->>2 AS request,
            g.c->5 AS changes, g.c->>6 AS origin, s.last_number,
            s.seq + row_number() OVER (PARTITION BY s.stream_id ORDER BY g.n) AS seq
        FROM jsonb_array_elements(p_creates) WITH ORDINALITY AS g(c, n)
        JOIN streams s ON s.stream_id = (g.c->>0)::uuid
        WHERE p_refused[g.n] IS NULL
    ), numbered AS (
        SELECT o.n, o.stream, o.id AS commit_id, o.request, o.origin, o.seq, x.k - 1 AS ordinal,
            x.v, o.last_number + row_number() OVER (PARTITION BY o.stream ORDER BY o.n, x.k)
                AS number
        FROM commits o, jsonb_array_elements(o.changes) WITH ORDINALITY AS x(v, k)
    ), made AS MATERIALIZED (
        SELECT m.n, m.stream, m.commit_id, m.request, m.origin, m.seq, m.ordinal, m.number,
            (m.v->>0)::uuid AS id, (m.v->>3)::uuid AS actor, (m.v->>4)::timestamptz AS at,
            array_to_tsvector(array_remove(string_to_array(
                right(m.stream::text, 6) || replace(m.v->>2, ' ', ' ' || right(m.stream::text, 6)),
                ' '), right(m.stream::text, 6))) AS search,
            m.v->1 || jsonb_build_object('number', m.number, 'position', coalesce(
                m.v->1->>'position',
                chr(96 + length(m.number::text)) || m.number::text || 'V')) AS c
        FROM numbered m
    ), tasks_made AS (
        INSERT INTO tasks (stream_id, id, "number", "project_id", "parent_id", "title", "description", "status", "priority", "due_at", "assignee_id", "label_ids", "position", "created_by", "created_at", "completed_at", "recurrence", "previous_id", updated_at, version, search)
        SELECT stream, id, (c->>'number')::BIGINT, (c->>'project_id')::UUID, (c->>'parent_id')::UUID, (c->>'title')::TEXT, (c->>'description')::TEXT, (c->>'status')::TEXT, (c->>'priority')::TEXT, (c->>'due_at')::TIMESTAMP WITH TIME ZONE, (c->>'assignee_id')::UUID, (c->'label_ids'), (c->>'position')::TEXT, (c->>'created_by')::UUID, (c->>'created_at')::TIMESTAMP WITH TIME ZONE, (c->>'completed_at')::TIMESTAMP WITH TIME ZONE, nullif((c->'recurrence'), 'null'), (c->>'previous_id')::UUID, at, seq, search FROM made
    ), logged AS (
        INSERT INTO changes (stream_id, seq, ordinal, commit_id, actor_id, at, request_id, entity,
            entity_id, op, "set", was, origin)
        SELECT stream, seq, ordinal, commit_id, actor, at, request, 'task', id, 'create', c, '{}',
            origin
        FROM made
    ), moved AS (
        UPDATE streams s SET seq = m.seq, last_number = m.number, pending = true
        FROM (SELECT stream, max(seq) AS seq, max(number) AS number FROM made GROUP BY stream) m
        WHERE s.stream_id = m.stream
    ), first AS (
        SELECT n, seq, min(number) AS number FROM made GROUP BY n, seq
    )
    SELECT jsonb_agg(jsonb_build_array(f.seq, f.number, r.refused) ORDER BY r.n) INTO v_done
    FROM unnest(p_refused) WITH ORDINALITY AS r(refused, n) LEFT JOIN first f ON f.n = r.n;
    SELECT count(*) INTO v_keys FROM jsonb_array_elements(p_creates) WITH ORDINALITY AS g(c, n)
    WHERE g.c->4 <> 'null' AND p_refused[g.n] IS NULL;
    IF v_keys > 0 THEN
        INSERT INTO idempotency (scope, key, fingerprint, stream_id, seq, expires_at)
        SELECT c->4->>'scope', c->4->>'key', c->4->>'fingerprint', (c->>0)::uuid,
            (v_done->(n::int - 1)->>0)::bigint, (c->4->>'expires_at')::timestamptz
        FROM jsonb_array_elements(p_creates) WITH ORDINALITY AS g(c, n)
        WHERE c->4 <> 'null' AND p_refused[n] IS NULL
        ORDER BY 1, 2
        ON CONFLICT (scope, key) DO UPDATE SET fingerprint = excluded.fingerprint,
            stream_id = excluded.stream_id, seq = excluded.seq, status = NULL, headers = NULL,
            body = NULL, expires_at = excluded.expires_at
        WHERE idempotency.expires_at < now();
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        IF v_rows <> v_keys THEN
            RAISE EXCEPTION USING ERRCODE = 'TW001', MESSAGE = 'repeated';
        END IF;
    END IF;
    RETURN v_done;
END
$$;

CREATE OR REPLACE FUNCTION tidework_group(
    p_streams uuid[], p_creates jsonb, p_commits jsonb, OUT o_created jsonb, OUT o_committed jsonb
) LANGUAGE plpgsql AS $$
DECLARE
    c jsonb; r record;
BEGIN
    -- Several processes lock the streams of their groups in the same order.
    PERFORM 1 FROM streams s WHERE s.stream_id = ANY (p_streams) ORDER BY s.stream_id
    FOR NO KEY UPDATE;
    IF p_creates IS NOT NULL THEN
        o_created := tidework_create(p_creates, tidework_expected(p_creates));
    END IF;
    IF p_commits IS NOT NULL THEN
        o_committed := '[]';
        FOR c IN SELECT * FROM jsonb_array_elements(p_commits) LOOP
            SELECT * INTO r FROM tidework_commit((c->>0)::uuid, (c->>1)::uuid, c->>2,
                (c->>3)::bigint, c->>4, c->5, c->6, c->7, nullif(c->8, 'null'));
            o_committed := o_committed
                || jsonb_build_array(jsonb_build_array(r.o_seq, r.o_logged, r.o_refused));
        END LOOP;
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION tidework_operate_runs(p_runs jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    r jsonb; v jsonb; v_rows bigint;
BEGIN
    FOR r IN SELECT * FROM jsonb_array_elements(p_runs) LOOP
        v := r->2;
        CASE r->>0
        WHEN 'relayed streams' THEN
            UPDATE streams s SET relayed = (e->0->>'relayed')::bigint,
                pending = s.seq > (e->0->>'relayed')::bigint
            FROM jsonb_array_elements(v) e WHERE s.stream_id = (e->1->>'stream_id')::uuid;
        WHEN 'update inbox' THEN
            UPDATE inbox t SET seq = (e->0->>'seq')::bigint
            FROM jsonb_array_elements(v) e WHERE t.stream_id = (e->1->>'stream_id')::uuid
                AND t.consumer = e->1->>'consumer' AND t.seq = (e->1->>'seq')::bigint;
        WHEN 'insert analytics_activity' THEN
            INSERT INTO analytics_activity SELECT * FROM jsonb_populate_recordset(null::analytics_activity, v);
        WHEN 'keep analytics_activity' THEN
            INSERT INTO analytics_activity SELECT * FROM jsonb_populate_recordset(null::analytics_activity, v)
            ON CONFLICT ON CONSTRAINT analytics_activity_pkey DO NOTHING;
        WHEN 'upsert analytics_activity' THEN
            INSERT INTO analytics_activity SELECT * FROM jsonb_populate_recordset(null::analytics_activity, v)
            ON CONFLICT ON CONSTRAINT analytics_activity_pkey DO UPDATE SET "changes" = excluded."changes";
        WHEN 'delete analytics_activity' THEN
            DELETE FROM analytics_activity t USING jsonb_populate_recordset(null::analytics_activity, v) k WHERE k."stream_id" = t."stream_id" AND k."day" = t."day" AND k."user_id" = t."user_id";
        WHEN 'insert analytics_days' THEN
            INSERT INTO analytics_days SELECT * FROM jsonb_populate_recordset(null::analytics_days, v);
        WHEN 'keep analytics_days' THEN
            INSERT INTO analytics_days SELECT * FROM jsonb_populate_recordset(null::analytics_days, v)
            ON CONFLICT ON CONSTRAINT analytics_days_pkey DO NOTHING;
        WHEN 'upsert analytics_days' THEN
            INSERT INTO analytics_days SELECT * FROM jsonb_populate_recordset(null::analytics_days, v)
            ON CONFLICT ON CONSTRAINT analytics_days_pkey DO UPDATE SET "day" = excluded."day", "label_id" = excluded."label_id", "project_id" = excluded."project_id", "assignee_id" = excluded."assignee_id", "created" = excluded."created", "completed" = excluded."completed", "reopened" = excluded."reopened", "cancelled" = excluded."cancelled", "net_pending" = excluded."net_pending", "net_in_progress" = excluded."net_in_progress", "net_completed" = excluded."net_completed", "net_cancelled" = excluded."net_cancelled";
        WHEN 'delete analytics_days' THEN
            DELETE FROM analytics_days t USING jsonb_populate_recordset(null::analytics_days, v) k WHERE k."stream_id" = t."stream_id" AND k."id" = t."id";
        WHEN 'insert analytics_steps' THEN
            INSERT INTO analytics_steps SELECT * FROM jsonb_populate_recordset(null::analytics_steps, v);
        WHEN 'keep analytics_steps' THEN
            INSERT INTO analytics_steps SELECT * FROM jsonb_populate_recordset(null::analytics_steps, v)
            ON CONFLICT ON CONSTRAINT analytics_steps_pkey DO NOTHING;
        WHEN 'upsert analytics_steps' THEN
            INSERT INTO analytics_steps SELECT * FROM jsonb_populate_recordset(null::analytics_steps, v)
            ON CONFLICT ON CONSTRAINT analytics_steps_pkey DO UPDATE SET "at" = excluded."at", "status" = excluded."status", "project_id" = excluded."project_id", "assignee_id" = excluded."assignee_id", "label_ids" = excluded."label_ids";
        WHEN 'delete analytics_steps' THEN
            DELETE FROM analytics_steps t USING jsonb_populate_recordset(null::analytics_steps, v) k WHERE k."stream_id" = t."stream_id" AND k."task_id" = t."task_id" AND k."step" = t."step";
        WHEN 'insert analytics_tasks' THEN
            INSERT INTO analytics_tasks SELECT * FROM jsonb_populate_recordset(null::analytics_tasks, v);
        WHEN 'keep analytics_tasks' THEN
            INSERT INTO analytics_tasks SELECT * FROM jsonb_populate_recordset(null::analytics_tasks, v)
            ON CONFLICT ON CONSTRAINT analytics_tasks_pkey DO NOTHING;
        WHEN 'upsert analytics_tasks' THEN
            INSERT INTO analytics_tasks SELECT * FROM jsonb_populate_recordset(null::analytics_tasks, v)
            ON CONFLICT ON CONSTRAINT analytics_tasks_pkey DO UPDATE SET "status" = excluded."status", "project_id" = excluded."project_id", "assignee_id" = excluded."assignee_id", "label_ids" = excluded."label_ids", "created_at" = excluded."created_at", "started_at" = excluded."started_at", "completed_at" = excluded."completed_at", "due_at" = excluded."due_at", "lead_s" = excluded."lead_s", "cycle_s" = excluded."cycle_s", "changed_at" = excluded."changed_at", "steps" = excluded."steps", "removed" = excluded."removed";
        WHEN 'delete analytics_tasks' THEN
            DELETE FROM analytics_tasks t USING jsonb_populate_recordset(null::analytics_tasks, v) k WHERE k."stream_id" = t."stream_id" AND k."task_id" = t."task_id";
        WHEN 'insert analytics_usage' THEN
            INSERT INTO analytics_usage SELECT * FROM jsonb_populate_recordset(null::analytics_usage, v);
        WHEN 'keep analytics_usage' THEN
            INSERT INTO analytics_usage SELECT * FROM jsonb_populate_recordset(null::analytics_usage, v)
            ON CONFLICT ON CONSTRAINT analytics_usage_pkey DO NOTHING;
        WHEN 'upsert analytics_usage' THEN
            INSERT INTO analytics_usage SELECT * FROM jsonb_populate_recordset(null::analytics_usage, v)
            ON CONFLICT ON CONSTRAINT analytics_usage_pkey DO UPDATE SET "kind" = excluded."kind", "created_at" = excluded."created_at", "deleted_at" = excluded."deleted_at", "changed_at" = excluded."changed_at", "tasks" = excluded."tasks", "comments" = excluded."comments", "members" = excluded."members", "projects" = excluded."projects", "labels" = excluded."labels", "commits" = excluded."commits", "changes" = excluded."changes";
        WHEN 'delete analytics_usage' THEN
            DELETE FROM analytics_usage t USING jsonb_populate_recordset(null::analytics_usage, v) k WHERE k."stream_id" = t."stream_id";
        WHEN 'insert inbox' THEN
            INSERT INTO inbox SELECT * FROM jsonb_populate_recordset(null::inbox, v);
        WHEN 'keep inbox' THEN
            INSERT INTO inbox SELECT * FROM jsonb_populate_recordset(null::inbox, v)
            ON CONFLICT ON CONSTRAINT inbox_pkey DO NOTHING;
        WHEN 'upsert inbox' THEN
            INSERT INTO inbox SELECT * FROM jsonb_populate_recordset(null::inbox, v)
            ON CONFLICT ON CONSTRAINT inbox_pkey DO UPDATE SET "seq" = excluded."seq";
        WHEN 'delete inbox' THEN
            DELETE FROM inbox t USING jsonb_populate_recordset(null::inbox, v) k WHERE k."stream_id" = t."stream_id" AND k."consumer" = t."consumer";
        WHEN 'insert jobs' THEN
            INSERT INTO jobs SELECT * FROM jsonb_populate_recordset(null::jobs, v);
        WHEN 'keep jobs' THEN
            INSERT INTO jobs SELECT * FROM jsonb_populate_recordset(null::jobs, v)
            ON CONFLICT ON CONSTRAINT jobs_pkey DO NOTHING;
        WHEN 'upsert jobs' THEN
            INSERT INTO jobs SELECT * FROM jsonb_populate_recordset(null::jobs, v)
            ON CONFLICT ON CONSTRAINT jobs_pkey DO UPDATE SET "kind" = excluded."kind", "args" = excluded."args", "state" = excluded."state", "due_at" = excluded."due_at", "attempts" = excluded."attempts", "progress" = excluded."progress", "result" = excluded."result", "error" = excluded."error", "created_at" = excluded."created_at", "finished_at" = excluded."finished_at", "expires_at" = excluded."expires_at";
        WHEN 'delete jobs' THEN
            DELETE FROM jobs t USING jsonb_populate_recordset(null::jobs, v) k WHERE k."stream_id" = t."stream_id" AND k."id" = t."id";
        WHEN 'insert notifications' THEN
            INSERT INTO notifications SELECT * FROM jsonb_populate_recordset(null::notifications, v);
        WHEN 'keep notifications' THEN
            INSERT INTO notifications SELECT * FROM jsonb_populate_recordset(null::notifications, v)
            ON CONFLICT ON CONSTRAINT notifications_pkey DO NOTHING;
        WHEN 'upsert notifications' THEN
            INSERT INTO notifications SELECT * FROM jsonb_populate_recordset(null::notifications, v)
            ON CONFLICT ON CONSTRAINT notifications_pkey DO UPDATE SET "kind" = excluded."kind", "workspace_id" = excluded."workspace_id", "task_id" = excluded."task_id", "actor_id" = excluded."actor_id", "data" = excluded."data", "in_app" = excluded."in_app", "unread" = excluded."unread", "created_at" = excluded."created_at", "read_at" = excluded."read_at", "expires_at" = excluded."expires_at";
        WHEN 'delete notifications' THEN
            DELETE FROM notifications t USING jsonb_populate_recordset(null::notifications, v) k WHERE k."stream_id" = t."stream_id" AND k."id" = t."id";
        ELSE
            EXECUTE tidework_statement(r->>0, r->>1, r->4, r->5) USING v;
        END CASE;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        IF r->3 <> 'null' AND (r->3)::bigint <> v_rows THEN
            RAISE EXCEPTION USING ERRCODE = 'TW001', MESSAGE = 'contended';
        END IF;
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION tidework_statement(p_op text, p_table text, p_key jsonb, p_set jsonb)
RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_key text; v_set text;
BEGIN
    IF p_op IN ('insert', 'upsert', 'keep') THEN
        SELECT string_agg(format('%1$I = excluded.%1$I', name), ', ') INTO v_set
        FROM jsonb_array_elements_text(p_set) AS name;
        RETURN format('INSERT INTO %1$I SELECT * FROM jsonb_populate_recordset(null::%1$I, $1)',
            p_table) || CASE p_op
            WHEN 'insert' THEN ''
            WHEN 'keep' THEN
                format(' ON CONFLICT ON CONSTRAINT %I DO NOTHING', p_table || '_pkey')
            ELSE format(' ON CONFLICT ON CONSTRAINT %I DO ', p_table || '_pkey')
                || coalesce('UPDATE SET ' || v_set, 'NOTHING') END;
    END IF;
    SELECT string_agg(format('t.%1$I = k.%1$I', name), ' AND ') INTO v_key
    FROM jsonb_array_elements_text(p_key) AS name;
    IF p_op = 'delete' THEN
        RETURN format('DELETE FROM %1$I t USING jsonb_populate_recordset(null::%1$I, $1) k'
            ' WHERE %2$s', p_table, v_key);
    END IF;
    SELECT string_agg(format('%1$I = s.%1$I', name), ', ') INTO v_set
    FROM jsonb_array_elements_text(p_set) AS name;
    RETURN format('UPDATE %1$I t SET %2$s FROM jsonb_array_elements($1) e,'
        ' jsonb_populate_record(null::%1$I, e->0) s, jsonb_populate_record(null::%1$I, e->1) k'
        ' WHERE %3$s', p_table, v_set, v_key);
END
$$;
