/**
 * To be imported before ONNX Runtime: its Linux builds send usage data to their maker where a network lets them, and leave
 * a log and a device id behind for each process, unless this variable is set before the library loads.
 */
process.env.ORT_DISABLE_TELEMETRY = '1';
