internal import Glibc
import SidecarConfiguration

/// What a line of the log looks like.
struct LogStyle: Equatable {
    var format: LogSettings.Format
    /// Whatever reads standard error.
    let reader: Reader

    /// A kind of reader.
    enum Reader: Equatable {
        /// A file, a pipe, another program.
        case plain
        /// A terminal that shows colours.
        case terminal
        /// systemd's journal: it has each line's time, and takes the priority from the line's beginning (`<4>`).
        case journal
    }

    /// The identity of an open file.
    struct File: Equatable {
        let device: UInt
        let inode: UInt

        /// `DEVICE:INODE`, as systemd writes it; nil if it is something else.
        init?(text: String) {
            let numbers = text.split(separator: ":", omittingEmptySubsequences: false).map { UInt($0) }
            guard numbers.count == 2, let device = numbers[0], let inode = numbers[1] else { return nil }
            self.init(device: device, inode: inode)
        }

        init(device: UInt, inode: UInt) {
            self.device = device
            self.inode = inode
        }

        /// The file behind a descriptor; nil if none is.
        init?(descriptor: Int32) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { return nil }
            self.init(device: UInt(status.st_dev), inode: UInt(status.st_ino))
        }
    }
}

extension LogStyle.Reader {
    /// What reads standard error.
    ///
    /// - Parameter environment: the process's variables.
    static func ofStandardError(_ environment: [String: String]) -> Self {
        Self(
            file: LogStyle.File(descriptor: STDERR_FILENO), isTerminal: isatty(STDERR_FILENO) == 1,
            environment: environment)
    }

    /// Takes the file behind standard error, and what the environment says about it: a child of a service has the
    /// variable of the journal too, but another file.
    init(file: LogStyle.File?, isTerminal: Bool, environment: [String: String]) {
        let journal = environment["JOURNAL_STREAM"].flatMap { LogStyle.File(text: $0) }
        if let file, file == journal {
            self = .journal
        } else if isTerminal, environment["NO_COLOR", default: ""].isEmpty,
            !["", "dumb"].contains(environment["TERM", default: ""])
        {
            self = .terminal
        } else {
            self = .plain
        }
    }
}
