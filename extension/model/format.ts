// Numbers as farcall writes them everywhere: 1,234 · 12.3 s · 3 m 20 s · 1.2 GiB. One style whatever the locale, so
// that cards, terminal lines and saved notebooks agree.

export const NOTHING = '—';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

export function formatCount(count: number): string {
  return grouped.format(count);
}

export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return NOTHING;
  if (seconds < 0.0005) return '< 1 ms';
  if (seconds < 0.0995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${minutes % 60} m`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Whole seconds below a minute: for a clock that counts, and for guesses, where a decimal would only flicker. */
export function formatClock(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return NOTHING;
  return seconds < 59.5 ? `${Math.round(seconds)} s` : formatDuration(Math.max(60, seconds));
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes < 0) return NOTHING;
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power] ?? 'B'}`;
}

/** Inputs a second, with as many digits as mean something. */
export function formatRate(perSecond: number): string {
  if (!Number.isFinite(perSecond) || perSecond <= 0) return NOTHING;
  if (perSecond >= 99.5) return `${formatCount(perSecond)}/s`;
  if (perSecond >= 1) return `${perSecond.toFixed(1)}/s`;
  const perMinute = perSecond * 60;
  return perMinute >= 1 ? `${perMinute.toFixed(1)}/min` : `${(perMinute * 60).toFixed(1)}/h`;
}

/** The time of day, with the date when it was another day. */
export function formatMoment(unixSeconds: number, now: number): string {
  const at = new Date(unixSeconds * 1000);
  const time = at.toLocaleTimeString();
  return at.toDateString() === new Date(now * 1000).toDateString() ? time : `${at.toLocaleDateString()}, ${time}`;
}

export function formatAbsolute(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toLocaleString();
}

/** `fc-01J…X9Z2`: an id short enough to sit in a line; the whole one goes into the title. */
export function shortId(id: string): string {
  return id.length <= 14 ? id : `${id.slice(0, 6)}…${id.slice(-4)}`;
}
