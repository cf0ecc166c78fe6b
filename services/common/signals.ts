/** What ends a process in good order: Ctrl-C, a supervisor's word, and that its terminal is gone. */
export const ENDING_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
