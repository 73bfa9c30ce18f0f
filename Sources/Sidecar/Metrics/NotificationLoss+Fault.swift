extension NotificationLoss {
    /// Takes what is logged of it.
    init(_ fault: NotificationFault) {
        self =
            switch fault {
            case .noSession: .noSession
            case .notLeading: .undecided
            case .routerIsSlow: .routerIsSlow
            case .payload, .notText, .unreadable: .invalid
            case .tooLarge: .tooLarge
            case .refused: .refused
            case .held: .held
            }
    }
}
