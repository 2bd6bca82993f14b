export const executablePath: string;
export const chromiumArguments: string[];
