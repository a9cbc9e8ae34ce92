"""The lessons in English; russian.py has the same keys. Claims are the talk's words, but for spelling and grammar."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    # --- 1
    "degradation.title": "Plain against residual, as depth grows",
    "degradation.claim": "It was a breakthrough because of the proposed residual learning framework that eased the "
    "training process and allowed to train substantially deeper networks than those used previously.",
    "degradation.reported": "ImageNet, ten crops: 27.94 % error with 18 plain layers and 28.54 % with 34; residual "
    "27.88 % and 25.03 %. With 18 layers the shortcuts change next to nothing. CIFAR-10: 110 plain layers stay above "
    "60 % error, 110 residual ones reach 6.43 %.",
    "degradation.question": "Is a deeper plain network worse than a shallower one even on the images that it was "
    "trained on, and a residual one not?",
    "degradation.arm.plain-shallow": "plain, {depth} layers",
    "degradation.arm.plain-deep": "plain, {depth} layers",
    "degradation.arm.residual-shallow": "residual, {depth} layers",
    "degradation.arm.residual-deep": "residual, {depth} layers",
    "degradation.check.plain": "More plain layers are worse on the training images themselves.",
    "degradation.check.residual": "More residual layers are no worse on the training images.",
    "degradation.check.deep": "At the greater depth the residual network is better on new images.",
    "degradation.check.shallow": "Often said as well: shortcuts help at any depth.",
    # --- 2
    "gradient.title": "The shortcut and the gradient",
    "gradient.claim": "This simple idea creates a 'direct' path for propagating information in a backpropagation mode "
    "which means that the gradients of a layer do not vanish even when the weights are arbitrarily small.",
    "gradient.reported": "dE/dx_l = dE/dx_K (1 + d/dx_l of the sum of F) is exact where nothing follows the addition, "
    "in pre-activation blocks; the ReLU after the addition of the blocks of 2015 stands in the way. And plain "
    "networks with batch norm have healthy gradients: vanishing is unlikely to be what makes deep ones hard to train.",
    "gradient.question": "Is the formula exact, does the gradient survive small weights, and does it vanish without "
    "shortcuts at all, once there is batch norm?",
    "gradient.arm.pre": "residual, pre-activation, {depth} layers",
    "gradient.arm.post": "residual, ReLU after the addition, {depth} layers",
    "gradient.arm.plain": "plain, {depth} layers",
    "gradient.arm.small-pre": "residual without norm, weights a quarter as large, {depth} layers",
    "gradient.arm.small-plain": "plain without norm, weights a quarter as large, {depth} layers",
    "gradient.check.formula": "In pre-activation blocks the formula is exact.",
    "gradient.check.formula-post": "In the blocks of 2015, with a ReLU after the addition, it is exact too.",
    "gradient.check.small": "With small weights and no norm the first block gets a thousand times more of the "
    "gradient where there are shortcuts.",
    "gradient.check.vanishing": "Without shortcuts the gradient vanishes: less than a tenth reaches the first block, "
    "batch norm or not.",
    "gradient.check.apart": "With batch norm the two kinds differ less than tenfold in how much reaches the first "
    "block.",
    # --- 3
    "bottleneck.title": "Basic and bottleneck blocks at equal cost",
    "bottleneck.claim": "In ResNets with more than a hundred layers authors replaced two 3x3 convolutional layers "
    "with a stack of 1x1, 3x3 and 1x1 convolutional layers, leaving the 3x3 layer a bottleneck with smaller "
    "input/output dimensions and fewer parameters to optimize.",
    "bottleneck.reported": "Bottlenecks begin at ResNet-50, not past a hundred layers. ImageNet, ten crops: ResNet-34 "
    "has 3.6 G multiply-adds and 25.03 % error, ResNet-50 3.8 G and 22.85 %.",
    "bottleneck.question": "Is a bottleneck as good as a basic block that costs as many multiply-adds, and is it "
    "smaller?",
    "bottleneck.arm.basic": "basic blocks, {depth} layers",
    "bottleneck.arm.bottleneck": "bottlenecks, {depth} layers",
    "bottleneck.arm.resnet34": "ResNet-34, counted at 224 px",
    "bottleneck.arm.resnet50": "ResNet-50 (2015), counted at 224 px",
    "bottleneck.arm.resnet50-basic": "basic blocks as wide as ResNet-50's, counted at 224 px",
    "bottleneck.check.smaller": "Beside basic blocks of the same width they have at most half the parameters.",
    "bottleneck.check.cost": "ResNet-50 costs at most a tenth more multiply-adds than ResNet-34.",
    "bottleneck.check.accuracy": "At about equal cost bottlenecks are no worse.",
    "bottleneck.check.fewer": "Often said as well: ResNet-50 has fewer parameters than ResNet-34.",
    "bottleneck.check.speed": "At about equal cost they train as fast.",
    # --- 4
    "complexity.title": "ResNet-152 against VGG-19",
    "complexity.claim": "Remarkably although the depth significantly increased, the 152-layer ResNet still had lower "
    "complexity than VGG-19.",
    "complexity.reported": "11.3 G multiply-adds against 19.6 G, 60.2 M parameters against 143.7 M.",
    "complexity.question": "How do they compare in operations, in parameters, and in time on this machine?",
    "complexity.arm.resnet152": "ResNet-152 (2015), counted at 224 px",
    "complexity.arm.vgg19": "VGG-19, counted at 224 px",
    "complexity.arm.resnet152-timed": "ResNet-152 (2015), timed at 64 px",
    "complexity.arm.vgg19-timed": "VGG-19, timed at 64 px",
    "complexity.check.macs": "ResNet-152 takes fewer multiply-adds.",
    "complexity.check.parameters": "ResNet-152 has fewer parameters.",
    "complexity.check.time": "Often said as well: so it is faster. (Images a second of a forward pass here.)",
    # --- 5
    "width.title": "Depth against width",
    "width.claim": "A 50-layer WideResNet outperforms the original 152-layer ResNet on ImageNet and takes several "
    "times less time to train, thus showing that the main power of residual networks is in residual blocks and not in "
    "an extreme depth as claimed earlier.",
    "width.reported": "ImageNet: WRN-50-2 has 21.9 % top-1 error and takes 93 ms for a batch, ResNet-152 takes 115 "
    "ms: 1.24 times, not several. Eight times, elsewhere in that paper, is WRN-40-4 against ResNet-1001.",
    "width.question": "With as many multiply-adds, is the shallow and wide network as good as the deep and thin one, "
    "and by how much is it faster?",
    "width.arm.deep": "deep and thin, {depth} layers",
    "width.arm.wide": "shallow and wide, {depth} layers",
    "width.arm.resnet152": "ResNet-152 (2015), counted at 224 px",
    "width.arm.wide50": "WRN-50-2, counted at 224 px",
    "width.check.equal": "The two cost about as many multiply-adds: accuracy for each is what is compared.",
    "width.check.accuracy": "The wide network is no worse.",
    "width.check.faster": "It trains faster, by the 1.24 times that the paper measured or more.",
    "width.check.several": "It trains several times faster: three at least.",
    "width.check.operations": "Operations explain it: ResNet-152 takes 1.24 times the multiply-adds of WRN-50-2.",
    # --- 6
    "orders.title": "Where norm and activation go",
    "orders.claim": "(The talk's notes refer to the study of where batch norm and ReLU belong: nothing should stand "
    "on the shortcut's way, and norm and activation come before the convolutions.)",
    "orders.reported": "CIFAR-10, 110 layers: 6.61 % error as in 2015, 8.17 % with the norm after the addition, 7.84 "
    "% with the ReLU before it, 6.71 % with the ReLU alone before the convolutions, 6.37 % with both before them.",
    "orders.question": "How large is the signal after each block before training, and which order trains best?",
    "orders.arm.post": "as in 2015, {depth} layers",
    "orders.arm.norm-after-addition": "norm after the addition, {depth} layers",
    "orders.arm.activation-before-addition": "ReLU before the addition, {depth} layers",
    "orders.arm.activation-only-pre": "ReLU alone before the convolutions, {depth} layers",
    "orders.arm.pre": "norm and ReLU before the convolutions, {depth} layers",
    "orders.check.pre": "Full pre-activation is at least as good as the order of 2015.",
    "orders.check.norm-after": "A norm after the addition is no better than the order of 2015.",
    "orders.check.activation-before": "A ReLU before the addition is no better than the order of 2015.",
    "orders.check.level": "A norm after the addition keeps the signal's mean square from block to block.",
    "orders.check.runaway": "A ReLU before the addition lets the signal grow faster than the order of 2015 does.",
    "orders.check.half-pre": "With the ReLU alone before the convolutions it is about as good as in 2015.",
    # --- 7
    "downsampling.title": "Max-pool or strided convolution",
    "downsampling.claim": "The trick: it hardly matters whether it is a max-pool or a convolution with a stride.",
    "downsampling.reported": "For plain networks: a max-pool can be replaced by a strided convolution without loss. "
    "For the stem of a residual network no published comparison was found.",
    "downsampling.question": "Does the accuracy stay within a point when the stem's max-pool becomes a strided "
    "convolution?",
    "downsampling.arm.max-pool": "3x3 max-pool after the stem, {depth} layers",
    "downsampling.arm.convolution": "strided 3x3 convolution after the stem, {depth} layers",
    "downsampling.arm.strided": "the stem itself strided, {depth} layers",
    "downsampling.arm.average": "2x2 average after the stem, {depth} layers",
    "downsampling.check.convolution": "A strided convolution in place of the pool: within a point.",
    "downsampling.check.strided": "A stride in the stem and no pool: within a point.",
    "downsampling.check.average": "An average in place of the maximum: within a point.",
    "downsampling.check.cost": "The strided convolution costs at most a tenth more multiply-adds.",
    # --- 8
    "shortcuts.title": "Kinds of shortcuts",
    "shortcuts.claim": "ResNet architectures made it possible to train very deep networks due to an idea of skip "
    "connections and bottleneck.",
    "shortcuts.reported": "ImageNet, 34 layers, ten crops: 28.54 % error without shortcuts, 25.03 % with zero padding "
    "(A), 24.52 % with projections where shapes change (B), 24.19 % with projections everywhere (C). CIFAR-10, 110 "
    "layers: 6.61 % with identities, 12.22 % with 1x1 convolutions on all of them, over 20 % with halved shortcuts, "
    "12.35 % with both ways halved, 6.91 % at best with a gate on the shortcut, 8.70 % with gates on both ways.",
    "shortcuts.question": "How much is the shortcut itself worth, and how much what stands on it?",
    "shortcuts.arm.a": "zero padding (A), {depth} layers",
    "shortcuts.arm.b": "projection where shapes change (B), {depth} layers",
    "shortcuts.arm.c": "projections everywhere (C), {depth} layers",
    "shortcuts.arm.d": "average pool and projection (D), {depth} layers",
    "shortcuts.arm.none": "no shortcuts, {depth} layers",
    "shortcuts.arm.scaled": "A, the shortcut times 0.5, {depth} layers",
    "shortcuts.arm.halved": "A, shortcut and branch times 0.5, {depth} layers",
    "shortcuts.arm.gated": "A, a gate on the shortcut, {depth} layers",
    "shortcuts.arm.gated-both": "A, gates on shortcut and branch, {depth} layers",
    "shortcuts.check.any": "Any shortcut is better than none.",
    "shortcuts.check.a-b": "A projection where shapes change is within a point of zero padding.",
    "shortcuts.check.a-c": "Projections everywhere gain no point over identities.",
    "shortcuts.check.a-scaled": "Halved shortcuts gain no point over identities.",
    "shortcuts.check.a-halved": "Halved shortcuts and branches gain no point over identities.",
    "shortcuts.check.a-gated": "A gate on the shortcut, whose bias begins at -6, gains no point over identities.",
    "shortcuts.check.a-gated-both": "Gates on both ways, g(x) and 1 - g(x), gain no point over identities.",
    "shortcuts.check.a-d": "An average pool before the projection is within a point as well.",
    "shortcuts.check.c-cost": "Projections everywhere come nearly free: at most a twentieth more parameters.",
    # --- 9
    "backbone.title": "The same backbone for detection and segmentation",
    "backbone.claim": "ResNet was originally designed for classification and segmentation tasks (the notes: for "
    "classification and detection).",
    "backbone.reported": "28 % better than VGG-16 on COCO detection with nothing else changed; first places in "
    "ImageNet detection and localization and in COCO detection and segmentation, 2015. A feature pyramid gives the "
    "maps of all stages to detectors.",
    "backbone.question": "Does a network that was made to tell digits apart tell them pixel by pixel, through a "
    "feature pyramid, and is what it learnt of use there? (A detector's boxes are not trained here.)",
    "backbone.arm.drawn": "residual backbone of {depth} layers, drawn weights",
    "backbone.arm.classifier": "residual backbone of {depth} layers, a classifier's weights",
    "backbone.arm.plain": "plain backbone of {depth} layers, drawn weights",
    "backbone.check.learns": "The backbone learns to segment: mean intersection over union of 0.2 at least (0 where "
    "only background is seen).",
    "backbone.check.transfers": "A classifier's weights are a better start than drawn ones.",
    "backbone.check.backbone": "Most of the parameters are the backbone's.",
    "backbone.check.residual": "Often said as well: shortcuts help here too, at any depth.",
    # --- 10
    "dense.title": "Longer shortcuts: DenseNet",
    "dense.claim": "Additional shorter connections between layers turned out to be a very powerful technique which is "
    "used in many modern architectures.",
    "dense.reported": "CIFAR-10: DenseNet-BC-100 has 4.51 % error with 0.8 M parameters, pre-activation ResNet-1001 "
    "4.62 % with 10.2 M.",
    "dense.question": "Is a network that concatenates all earlier maps as good as one that adds, with half its "
    "parameters and as many multiply-adds?",
    "dense.arm.dense": "DenseNet, {depth} layers",
    "dense.arm.residual": "ResNet, {depth} layers",
    "dense.check.smaller": "The DenseNet has at most 0.6 of the parameters.",
    "dense.check.accuracy": "It is no worse.",
    "dense.check.macs": "It takes no more multiply-adds.",
    "dense.check.speed": "Often forgotten: it trains as fast.",
    # --- figures
    "figure.accuracy": "accuracy on validation images",
    "figure.train_accuracy": "accuracy on training images in the last epoch",
    "figure.images_per_second": "images a second",
    "figure.parameters": "parameters",
    "figure.macs": "multiply-adds",
    "figure.reach": "gradient of the first block as a share of the last one's",
    "figure.formula_error": "what the formula leaves over, as a share of the gradient",
    "figure.growth": "mean square after the first stage's last block over that after its first",
    "figure.mean_iou": "mean intersection over union",
    "figure.backbone_share": "the backbone's share of the parameters",
    # --- rules and reports
    "rule.value": "{figure}, {arm}",
    "rule.difference": "{figure}, {arm}, less that of {against}",
    "rule.ratio": "{figure}, {arm}, over that of {against}",
    "rule.least": "{what}: at least {least}",
    "rule.most": "{what}: at most {most}",
    "rule.between": "{what}: {least} to {most}",
    "rule.verdict": "A check holds where its mean over the seeds, one deviation to either side, lies within its "
    "bounds; in part where the mean does and the deviation reaches beyond; else it does not hold here. A claim holds "
    "where all checks that bear on it hold, does not hold here where none holds even in part, and holds in part "
    "otherwise.",
    "verdict.holds": "holds",
    "verdict.holds in part": "holds in part",
    "verdict.does not hold here": "does not hold here",
    "report.claim": "claim",
    "report.reported": "papers",
    "report.outcome": "here",
    "report.time": "time",
    "report.points": "{number} points",
    "report.percent": "{number} %",
    "report.times": "{number} times",
    "report.spread": "{mean} ± {deviation}",
    "report.beside": "beside the claim",
    "report.seeds": "seeds: {seeds}",
    "report.one-seed": "one seed, so no deviation",
    "report.cores": "{cores} cores",
    "report.seconds": "{seconds} s on {device}, {mode}",
    "mode.quick": "quick",
    "mode.full": "full",
}
