// What the usual good tutorial gives: Express, node-postgres with a pool, JWT, bcrypt, parameterised
// SQL, indexes for what is asked. One process, as it comes from `npm start`.
import bcrypt from "bcryptjs";
import express from "express";
import jwt from "jsonwebtoken";
import pg from "pg";

const { DATABASE_URL, JWT_SECRET, PORT = "3000", HOST = "127.0.0.1" } = process.env;
if (!DATABASE_URL || !JWT_SECRET) {
  console.error("DATABASE_URL and JWT_SECRET must be set");
  process.exit(1);
}

const STATUSES = ["pending", "in_progress", "completed", "cancelled"];
const PRIORITIES = ["low", "medium", "high", "urgent"];
const COLUMNS =
  "id, owner_id, title, description, status, priority, due_at, created_at, updated_at, completed_at";

const pool = new pg.Pool({ connectionString: DATABASE_URL });
pool.on("error", (error) => console.error("idle connection:", error.message));

await pool.query(`
  CREATE TABLE IF NOT EXISTS users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE IF NOT EXISTS tasks (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    title varchar(200) NOT NULL,
    description text NOT NULL DEFAULT '',
    status text NOT NULL DEFAULT 'pending'
      CHECK (status IN ('pending', 'in_progress', 'completed', 'cancelled')),
    priority text NOT NULL DEFAULT 'medium'
      CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
    due_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz
  );
  CREATE INDEX IF NOT EXISTS tasks_owner_created ON tasks (owner_id, created_at DESC, id DESC);
`);

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function signed(user) {
  return jwt.sign({ sub: user.id }, JWT_SECRET, { expiresIn: "1d" });
}

function authenticated(request, _response, next) {
  const [scheme, token] = (request.get("authorization") ?? "").split(" ");
  if (scheme !== "Bearer" || !token) throw new Refused(401, "A bearer token is needed.");
  try {
    request.userId = jwt.verify(token, JWT_SECRET, { algorithms: ["HS256"] }).sub;
  } catch {
    throw new Refused(401, "The token is not valid.");
  }
  next();
}

function taskOf(body) {
  const { title, description = "", status = "pending", priority = "medium", due_at = null } = body;
  if (typeof title !== "string" || !title.trim() || title.length > 200) {
    throw new Refused(422, "title must have 1 to 200 characters.");
  }
  if (typeof description !== "string" || description.length > 65536) {
    throw new Refused(422, "description must have 65,536 characters at most.");
  }
  if (!STATUSES.includes(status)) throw new Refused(422, `status: ${STATUSES.join(", ")}.`);
  if (!PRIORITIES.includes(priority)) throw new Refused(422, `priority: ${PRIORITIES.join(", ")}.`);
  if (due_at !== null && Number.isNaN(Date.parse(due_at))) {
    throw new Refused(422, "due_at must be a time.");
  }
  return [title.trim(), description, status, priority, due_at];
}

const app = express();
app.disable("x-powered-by");
app.use(express.json({ limit: "1mb" }));

app.get("/health", async (_request, response) => {
  await pool.query("SELECT 1");
  response.json({ status: "ok" });
});

app.post("/auth/register", async (request, response) => {
  const { email, password, name } = request.body ?? {};
  if (![email, password, name].every((value) => typeof value === "string" && value)) {
    throw new Refused(422, "email, password and name are needed.");
  }
  const hash = await bcrypt.hash(password, 10);
  const { rows } = await pool.query(
    `INSERT INTO users (email, password_hash, name) VALUES (lower($1), $2, $3)
     ON CONFLICT (email) DO NOTHING RETURNING id, email, name`,
    [email, hash, name],
  );
  if (!rows.length) throw new Refused(409, "That address is taken.");
  response.status(201).json({ user: rows[0], access_token: signed(rows[0]) });
});

app.post("/auth/login", async (request, response) => {
  const { email = "", password = "" } = request.body ?? {};
  const { rows } = await pool.query("SELECT * FROM users WHERE email = lower($1)", [String(email)]);
  if (!rows.length || !(await bcrypt.compare(String(password), rows[0].password_hash))) {
    throw new Refused(401, "Wrong address or password.");
  }
  response.json({ access_token: signed(rows[0]) });
});

const tasks = express.Router();
tasks.use(authenticated);

tasks.get("/", async (request, response) => {
  const limit = Math.min(Math.max(Number.parseInt(request.query.limit ?? "20", 10) || 20, 1), 100);
  const { rows } = await pool.query(
    `SELECT ${COLUMNS} FROM tasks WHERE owner_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2`,
    [request.userId, limit],
  );
  response.json({ items: rows });
});

tasks.get("/:id", async (request, response) => {
  const { rows } = await pool.query(
    `SELECT ${COLUMNS} FROM tasks WHERE id = $1 AND owner_id = $2`,
    [request.params.id, request.userId],
  );
  if (!rows.length) throw new Refused(404, "There is no such task.");
  response.json(rows[0]);
});

tasks.post("/", async (request, response) => {
  const { rows } = await pool.query(
    `INSERT INTO tasks (owner_id, title, description, status, priority, due_at)
     VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${COLUMNS}`,
    [request.userId, ...taskOf(request.body ?? {})],
  );
  response.status(201).location(`/tasks/${rows[0].id}`).json(rows[0]);
});

app.use("/tasks", tasks);
app.use((_request, _response) => {
  throw new Refused(404, "There is nothing here.");
});
app.use((error, _request, response, _next) => {
  // 22P02: what stands for an id is none.
  const status = error.code === "22P02" ? 404 : (error.status ?? 500);
  if (status >= 500) console.error(error);
  response.status(status).json({ error: status >= 500 ? "Something went wrong." : error.message });
});

const server = app.listen(Number(PORT), HOST, () => {
  console.log(`listening on http://${HOST}:${PORT}`);
});
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => {
    server.close(() => pool.end().then(() => process.exit(0)));
    server.closeIdleConnections();
  });
}
