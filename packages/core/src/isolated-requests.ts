/**
 * Whether the platform ends with a request whatever that request began, timers and promises included, as Cloudflare's
 * does. No request may then wait for what another one has started.
 */
export function areRequestsIsolated(): boolean {
  return globalThis.navigator?.userAgent === 'Cloudflare-Workers'
}
