import CallPort
import NIOCore
import Names
import SidecarConfiguration

/// Opens the call port, and closes it again. On the event loop; keeps itself alive until it is done.
final class PortCheck {
    private let place: String
    private let address: ListenAddress
    private let eventLoop: any EventLoop
    private var listener: CallPortListener?
    private var completion: (([String]) -> Void)?

    init(_ settings: CallerSettings, _ configuration: Configuration, eventLoop: any EventLoop) {
        self.place = configuration.place(settings.listen.location)
        self.address = settings.listen.value
        self.eventLoop = eventLoop
    }

    func run(completion: @escaping ([String]) -> Void) {
        self.completion = completion
        let listener = CallPortListener(
            address: self.address, eventLoop: self.eventLoop,
            observer: { event in
                switch event {
                case .listening: self.finish([])
                case .notListening(let address, let reason, _):
                    self.finish(["\(self.place): caller: can't listen at \(address): \(reason)"])
                default: break
                }
            }, isFullUntil: { nil }, accept: { $0.close() })
        self.listener = listener
        listener.start()
    }

    private func finish(_ faults: [String]) {
        guard let completion = self.completion else { return }
        self.completion = nil
        // The calling function may still use it.
        self.eventLoop.assumeIsolated().execute {
            self.listener?.stop()
            self.listener = nil
            completion(faults)
        }
    }
}
