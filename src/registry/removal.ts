import type { Call, Transport } from './transport.ts';

/** Deletes what is at `url`. @returns false where it was not there, or where the registry does not do that. */
export async function deleteAt(
  transport: Transport,
  url: URL,
  repository: string,
  doing: string,
): Promise<boolean> {
  const call: Call = { method: 'DELETE', url, doing, scope: `repository:${repository}:pull,delete` };
  const answer = await transport.ask(call, transport.limits.answer);
  if (answer.response.ok) return true;
  if (answer.status === 404 || answer.status === 405) return false;
  throw transport.refuse(call, answer);
}
