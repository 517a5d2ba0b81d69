// The version of farcall, as hello and welcome say it; a test holds it against package.json.
export const VERSION = '0.1.0';
