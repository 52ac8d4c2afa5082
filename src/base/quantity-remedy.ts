/** What stands for a unit in the texts that people write, as Kubernetes, Nix and systemd have them. */
const SIZES: { readonly [unit: string]: string } = { k: 'kibibytes', m: 'mebibytes', g: 'gibibytes', t: 'tebibytes' };
const TIMES: { readonly [unit: string]: string } = { ms: 'millis', s: 'seconds', m: 'minutes', h: 'hours', d: 'days' };

/** For a text or number in the place of a size, a time or an amount of CPU: how that is written. */
export function quantityRemedy(type: string, value: unknown): string | undefined {
  const [, amount, unit] = /^(\d+)\s*([a-z]*)$/i.exec(String(value)) ?? [];
  switch (type) {
    case 'cdk8s.Size': {
      const size = SIZES[/^([kmgt])(i?b?)$/i.exec(unit ?? '')?.[1].toLowerCase() ?? ''];
      return size ? `Use Size.${size}(${amount}).` : 'Use for example Size.gibibytes(20).';
    }
    case 'cdk8s.Duration': {
      const time = TIMES[unit?.toLowerCase() ?? ''];
      return time ? `Use Duration.${time}(${amount}).` : 'Use for example Duration.minutes(30).';
    }
    case 'kplus.Cpu': {
      return amount && unit === 'm' ? `Use kplus.Cpu.millis(${amount}).` : amount && unit === '' ? `Use kplus.Cpu.units(${amount}).` : undefined;
    }
    case 'cdk8s.Cron': {
      const fields = typeof value === 'string' ? value.trim().split(/\s+/) : [];
      const names = ['minute', 'hour', 'day', 'month', 'weekDay'];
      return fields.length !== names.length ? undefined
        : `Use Cron.schedule({ ${fields.map((field, i) => `${names[i]}: ${JSON.stringify(field)}`).join(', ')} }).`;
    }
    default: return undefined;
  }
}
