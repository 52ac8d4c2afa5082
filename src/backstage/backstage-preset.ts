/**
 * How much of everything an environment of a portal gets.
 */
export enum BackstagePreset {
  /** Small, and talkative in its log. A bundled database is allowed. */
  DEVELOPMENT = 'development',

  /** As in production, with smaller requests. */
  STAGING = 'staging',

  /** Large, and refuses what is not fit for production. */
  PRODUCTION = 'production',
}
