# Gàidhlig. Awaiting review by a fluent speaker.

language-name = Gàidhlig
language-switch = English
language-review = Tha a’ Ghàidhlig seo a’ feitheamh ri sgrùdadh le neach a tha fileanta. (This Gaelic is awaiting review by a fluent speaker.)

app-title = Letterbox
page-title = { $screen } – Letterbox
skip-to-content = Leum dhan phrìomh shusbaint
header-landmark = Letterbox
language-landmark = Cànan
leave-now = Fàg an duilleag seo an-dràsta
leave-now-hint = Faodaidh tu cuideachd an iuchair Escape a bhrùthadh trì tursan.
leave-now-count =
    { $left ->
        [one] Brùth Escape { $left } turas eile gus an duilleag seo fhàgail.
        [two] Brùth Escape { $left } thuras eile gus an duilleag seo fhàgail.
        [few] Brùth Escape { $left } tursan eile gus an duilleag seo fhàgail.
       *[other] Brùth Escape { $left } turas eile gus an duilleag seo fhàgail.
    }

start-name = Toiseach
start-title = Na litrichean oifigeil agad, ann an aon àite
start-lead = Faodaidh buidhnean poblach ann an Alba litrichean a chur thugad an seo. Bidh thu gan leughadh agus gam freagairt air a’ fòn, an taibleid no a’ choimpiutair agad fhèin.
start-private-title = Chan urrainn ach do na h-innealan agadsa na litrichean agad a leughadh
start-private-text = Bidh sinn a’ stòradh nan litrichean agad glaiste. Chan eil an iuchair againn, agus mar sin chan urrainn dhuinn an leughadh. Chan urrainn do dhuine sam bith eile nas motha.
start-unavailable-title = Chan urrainn dhut bogsa-litrichean fhosgladh an seo fhathast
start-unavailable-text = Is e tionndadh tràth a tha seo. Tha sinn fhathast a’ togail mar a chuireas tu bogsa-litrichean air dòigh. Cùm ort a’ cleachdadh litrichean pàipeir.

vault-starting = A’ tòiseachadh…
vault-ready = Tha an duilleag seo air tòiseachadh agus deiseil.
vault-failed-name = Tha rudeigin a dhìth
vault-failed-title = Tha rudeigin a dhìth
vault-failed-text = Cha b’ urrainn do phàirt den duilleag seo tòiseachadh. Cha deach suathadh ris na litrichean no na h-iuchraichean agad. Feuch an luchdaich thu an duilleag a-rithist.
vault-failed-retry = Luchdaich an duilleag a-rithist
