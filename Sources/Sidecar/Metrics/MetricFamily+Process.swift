/// What all programs have: the names are those of Prometheus' client libraries.
extension MetricFamily {
    static let processCPU = MetricFamily(
        .counter, "process_cpu_seconds_total", isOfAnyProgram: true, "Time on a processor, in user and system mode.")
    static let processResident = MetricFamily(
        .gauge, "process_resident_memory_bytes", isOfAnyProgram: true, "Memory that is resident.")
    static let processOpenDescriptors = MetricFamily(
        .gauge, "process_open_fds", isOfAnyProgram: true, "Open file descriptors.")
    static let processMostDescriptors = MetricFamily(
        .gauge, "process_max_fds", isOfAnyProgram: true, "The limit of open file descriptors.")
    static let processStart = MetricFamily(
        .gauge, "process_start_time_seconds", isOfAnyProgram: true, "When the process began, as seconds since 1970.")
}
