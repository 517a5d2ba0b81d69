// The version this extension names in its hello. The same as package.json's; a test compares them.

export const VERSION = '0.1.0';
