/** Formats an address as `1.2.3.4:80` or `[::1]:80`. */
export function formatAddress({ ip, port }: { ip: string; port: number }): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}
