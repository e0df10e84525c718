/** Durations as a Junos router writes them. */

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const WEEK = 7 * DAY;

/** `00:01:11`, `1d 02:03:04`, `18w2d 13:10:49`: one width up to a day. */
export function briefAge(seconds: number): string {
  const { days, hours, minutes, rest } = parts(seconds);
  return `${days}${two(hours)}:${two(minutes)}:${two(rest)}`;
}

/** `34`, `6:34`, `10:15:38`, `1d 2:03:04`: without what is zero in front. */
export function detailAge(seconds: number): string {
  const { days, hours, minutes, rest } = parts(seconds);
  if (days !== '' || hours > 0) return `${days}${hours}:${two(minutes)}:${two(rest)}`;
  return minutes > 0 ? `${minutes}:${two(rest)}` : String(rest);
}

function parts(seconds: number): { days: string; hours: number; minutes: number; rest: number } {
  const whole = Math.max(0, Math.floor(seconds));
  const weeks = Math.floor(whole / WEEK);
  const days = Math.floor((whole % WEEK) / DAY);
  const word = weeks > 0 ? `${weeks}w${days}d ` : days > 0 ? `${days}d ` : '';
  return {
    days: word,
    hours: Math.floor((whole % DAY) / HOUR),
    minutes: Math.floor((whole % HOUR) / MINUTE),
    rest: whole % MINUTE,
  };
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
