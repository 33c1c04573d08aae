/** Starts version 3 of the client as Lambda's own bootstrap does; version 4 starts by itself. */

const { run } = await import(process.argv[2]);

await run(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
