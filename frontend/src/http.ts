/** JSON over HTTP with the page's CSRF token; every refusal becomes a `ProblemError` (RFC 9457). */

import { message } from "./messages.js";

export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail?: string;
}

export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
  }

  /** Title and detail in one line, for the live region. */
  get sentence(): string {
    const { title, detail } = this.problem;
    return detail === undefined ? title : `${title}: ${detail}`;
  }
}

export async function getJson<T>(url: string): Promise<T> {
  return request<T>(url, "GET", {});
}

export async function postJson<T>(url: string, body: unknown): Promise<T> {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
  return request<T>(url, "POST", headers, JSON.stringify(body));
}

function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

async function request<T>(
  url: string,
  method: string,
  headers: Record<string, string>,
  body: string | null = null,
): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, { method, headers: { Accept: "application/json", ...headers }, body });
  } catch {
    throw new ProblemError({ status: 0, title: message("network") });
  }
  if (!response.ok) {
    throw new ProblemError(await problemOf(response));
  }
  return (await response.json()) as T;
}

/** A proxy may answer with HTML: then the status is all that is known. */
async function problemOf(response: Response): Promise<Problem> {
  if (response.headers.get("Content-Type")?.startsWith("application/problem+json") === true) {
    return (await response.json()) as Problem;
  }
  return { status: response.status, title: `${message("failed")} (${String(response.status)})` };
}
